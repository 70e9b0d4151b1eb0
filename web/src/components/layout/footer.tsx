import { Link } from "react-router";
import { sheetOpen } from "../command/commands";
import { Kbd } from "../ui/surfaces";

export function Footer() {
  return (
    <footer className="print:hidden border-t">
      <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-6 gap-y-3 px-4 py-8 text-muted text-sm sm:px-6">
        <p className="mr-auto">Stockwright, inventory and orders</p>
        <Link to="/products" className="hover:text-ink">
          Shop
        </Link>
        <a href="/api/docs" className="hover:text-ink">
          API
        </a>
        <button
          type="button"
          onClick={() => sheetOpen.set(true)}
          className="hidden items-center gap-2 hover:text-ink md:inline-flex"
        >
          Shortcuts <Kbd>?</Kbd>
        </button>
      </div>
    </footer>
  );
}
