import { Search, X } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { cn } from "@/lib/cn";
import { Sent } from "@/lib/sent";
import { Kbd } from "../ui/surfaces";

export const SEARCH_ID = "search";
const TYPED_MS = 250;

/** Searches as one types on the grid; from any other page, on Enter. In the back office it finds what one edits. */
export function SearchBox({ className }: { className?: string }) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [params, setParams] = useSearchParams();
  const onGrid = pathname === "/products";
  const isOffice = pathname.startsWith("/admin");
  const list = isOffice ? "/admin/products" : "/products";
  const inAddress = onGrid ? (params.get("search") ?? "") : "";
  const [text, setText] = useState(inAddress);
  const [sent] = useState(() => new Sent(inAddress));
  const wanted = text.trim();

  // The address changed by another way (a link, the back button): follow it.
  useEffect(() => {
    if (sent.isFromElsewhere(inAddress)) setText(inAddress);
  }, [inAddress, sent]);

  useEffect(() => {
    if (!onGrid) return;
    const timer = setTimeout(() => {
      if (!sent.send(wanted)) return;
      setParams(
        (now) => {
          const next = new URLSearchParams(now);
          if (wanted) next.set("search", wanted);
          else next.delete("search");
          return next;
        },
        { replace: true },
      );
    }, TYPED_MS);
    // After a click on a link, what was typed before must not lead back to the grid.
    const leave = ({ target }: MouseEvent) => {
      if (target instanceof Element && target.closest("a")) clearTimeout(timer);
    };
    document.addEventListener("click", leave, true);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("click", leave, true);
    };
  }, [onGrid, wanted, sent, setParams]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!onGrid) navigate(wanted ? `${list}?search=${encodeURIComponent(wanted)}` : list);
  };

  return (
    <search className={className}>
      <form onSubmit={submit} className="group relative">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-3.5 size-4 -translate-y-1/2 text-muted"
        />
        <input
          id={SEARCH_ID}
          type="search"
          aria-label="Search products"
          placeholder="Search products"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
          className={cn(
            "h-10 w-full rounded-full border border-transparent bg-sunken pr-10 pl-10 text-base sm:text-sm",
            "placeholder:text-muted hover:border-line focus:bg-surface",
          )}
        />
        {text ? (
          <button
            type="button"
            aria-label="Clear the search"
            onClick={() => setText("")}
            className="absolute inset-y-0 right-1 grid w-9 place-items-center rounded-full text-muted hover:text-ink"
          >
            <X aria-hidden className="size-4" />
          </button>
        ) : (
          <span
            aria-hidden
            className="pointer-events-none absolute inset-y-0 right-3 hidden items-center group-focus-within:hidden md:flex"
          >
            {!isOffice && <Kbd>/</Kbd>}
          </span>
        )}
      </form>
    </search>
  );
}
