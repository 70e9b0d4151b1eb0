import { useShopName } from "@/features/shop/shop";

/** Three shelves and what is on one of them. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="9" className="fill-brand" />
      <path
        d="M8 21.5h16M8 16h11M8 10.5h6"
        className="stroke-on-brand"
        strokeWidth="3"
        strokeLinecap="round"
      />
      <circle cx="22.5" cy="10.5" r="2.7" fill="#f2b84b" />
    </svg>
  );
}

export function Logo() {
  const name = useShopName();
  return (
    <span className="inline-flex min-w-0 items-center gap-2.5 font-semibold text-[1.0625rem] tracking-tight">
      <Mark className="size-8 shrink-0" />
      <span className="truncate max-w-[40vw] md:max-w-56">{name}</span>
    </span>
  );
}
