// The whole page takes a file that is dropped on it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

type Props = { readonly onFile: (file: File) => Promise<void>; readonly children: ComponentChildren };

export function DropTarget({ onFile, children }: Props) {
  const [isOver, setOver] = useState(false);
  return (
    <div
      class={isOver ? "bench bench-over" : "bench"}
      onDragOver={(event) => {
        event.preventDefault(); // else the browser leaves the page for the file
        setOver(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer?.files ?? [];
        if (file) {
          void onFile(file);
        }
      }}
    >
      {children}
    </div>
  );
}
