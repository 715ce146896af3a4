// What a reviewer is told where an EHR shows nothing.

export type Silence = { readonly code: string; readonly why: string };

export function NoCards({ silence }: { readonly silence: Silence | null }) {
  return (
    <div class="card-none">
      <p>In an EHR nothing would be shown.</p>
      {silence && (
        <p>
          Why: {silence.why || "no reason is known"}. Reason code: <code>{silence.code}</code>
        </p>
      )}
    </div>
  );
}
