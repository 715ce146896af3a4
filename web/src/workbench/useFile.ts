// A file that was opened: whose data it holds, and whom of them one looks at. It stays in this page.
import { useRef, useState } from "preact/hooks";

import type { Service } from "../contract.ts";
import { opened, type Person, Unreadable } from "./record.ts";
import type { Chosen } from "./useBench.ts";
import type { Trouble } from "./words.ts";

type Open = { name: string; people: Person[]; place: number };

export type OpenFile = ReturnType<typeof useFile>;

export function useFile(choose: (record: Chosen) => void, service: Service | null) {
  const [file, setFile] = useState<Open | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const latest = useRef(0);

  function look(next: Open): void {
    const person = next.people[next.place];
    if (!service) {
      throw new Unreadable("has to wait: what the service asks for is not known yet.");
    }
    if (person) {
      setFile(next);
      choose({ story: null, file: next.name, ...person.visit(service) });
    }
  }

  return {
    file,
    trouble,
    /** Read a file and show the first of the people in it. */
    open: async (from: File): Promise<void> => {
      const turn = ++latest.current;
      setTrouble(null);
      try {
        const people = await opened(from);
        if (turn === latest.current) {
          look({ name: from.name, people, place: 0 });
        }
      } catch (error) {
        if (turn === latest.current) {
          setTrouble(troubleWith(from.name, error));
        }
      }
    },
    /** Show another of the people. */
    pick: (place: number) => file && look({ ...file, place }),
    /** A built-in patient was chosen: let go of the file. */
    forget: () => {
      latest.current += 1;
      setFile(null);
      setTrouble(null);
    },
  };
}

function troubleWith(name: string, error: unknown): Trouble {
  const why = error instanceof Unreadable ? error.message : "could not be read.";
  return { says: `${name} ${why}`, advice: "The patient shown is still the one before. Nothing was sent." };
}
