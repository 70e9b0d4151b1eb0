import { Menu as MenuIcon } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { NavLink, useLocation, useNavigate } from "react-router";
import { useCommands } from "@/components/command/commands";
import { Sheet } from "@/components/ui/dialog";
import { useLive } from "@/features/live/live";
import { findByCode, reportScan } from "@/features/scan/find";
import { useScans } from "@/features/scan/use-scans";
import { cn } from "@/lib/cn";
import type { AdminPage } from "./admin-page";
import { addressOf, adminPages, GROUPS } from "./page-table";

/** The back office around its pages: a sidebar, and on a phone the pages at hand with a list of all. */
export function AdminLayout({ children }: { children: ReactNode }) {
  useAdminCommands();
  useLive();
  useProductScans();
  return (
    <div className="print:block lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <aside className="print:hidden sticky top-16 hidden h-[calc(100dvh-4rem-1px)] overflow-y-auto border-r px-3 py-6 lg:block">
        <nav aria-label="Back office">
          <AllPages />
        </nav>
      </aside>
      <div className="min-w-0 pb-28 lg:pb-16">{children}</div>
      <AtHand />
    </div>
  );
}

function AllPages({ onGo }: { onGo?: () => void }) {
  return (
    <div className="flex flex-col gap-6">
      {GROUPS.map((group) => {
        const pages = adminPages.filter((page) => page.group === group);
        if (!pages.length) return null;
        return (
          <div key={group}>
            <p className="px-3 pb-1.5 font-medium text-muted text-xs">{group}</p>
            <ul className="flex flex-col gap-0.5">
              {pages.map((page) => (
                <li key={page.path}>
                  <PageLink page={page} {...(onGo && { onGo })} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </div>
  );
}

function PageLink({ page, onGo }: { page: AdminPage; onGo?: () => void }) {
  const Icon = page.icon;
  return (
    <NavLink
      to={addressOf(page)}
      end={page.path === ""}
      onClick={onGo}
      className={({ isActive }) =>
        cn(
          "flex items-center gap-3 rounded-xl px-3 py-2 font-medium text-sm transition-colors max-lg:py-3",
          isActive ? "bg-brand-soft text-brand-text" : "text-muted hover:bg-sunken hover:text-ink",
        )
      }
    >
      <Icon aria-hidden className="size-4.5 shrink-0" strokeWidth={1.8} />
      {page.title}
    </NavLink>
  );
}

const TAB =
  "flex h-15 min-w-0 flex-col items-center justify-center gap-1 rounded-xl font-medium text-[0.6875rem] leading-none";

/** At the foot of a phone: the pages one goes to all day, and the way to all others. */
function AtHand() {
  const { pathname } = useLocation();
  const [listed, setListed] = useState(false);
  const pages = adminPages.filter((page) => page.atHand);
  const elsewhere = !pages.some((page) => isAt(page, pathname));
  return (
    <>
      <nav
        data-foot
        aria-label="Back office, pages at hand"
        className="print:hidden fixed inset-x-0 bottom-0 z-40 border-t bg-canvas/95 px-2 pb-[env(safe-area-inset-bottom)] backdrop-blur-md lg:hidden"
      >
        <ul className="mx-auto grid max-w-lg auto-cols-fr grid-flow-col">
          {pages.map((page) => {
            const Icon = page.icon;
            return (
              <li key={page.path}>
                <NavLink
                  to={addressOf(page)}
                  end={page.path === ""}
                  className={({ isActive }) => cn(TAB, isActive ? "text-brand-text" : "text-muted")}
                >
                  <Icon aria-hidden className="size-5" strokeWidth={1.8} />
                  {page.title}
                </NavLink>
              </li>
            );
          })}
          <li>
            <button
              type="button"
              aria-haspopup="dialog"
              onClick={() => setListed(true)}
              className={cn(TAB, "w-full", elsewhere ? "text-brand-text" : "text-muted")}
            >
              <MenuIcon aria-hidden className="size-5" strokeWidth={1.8} />
              More
            </button>
          </li>
        </ul>
      </nav>
      <Sheet open={listed} onClose={() => setListed(false)} title="Back office">
        <nav aria-label="Back office" className="-mx-3">
          <AllPages onGo={() => setListed(false)} />
        </nav>
      </Sheet>
    </>
  );
}

function isAt(page: AdminPage, pathname: string): boolean {
  const address = addressOf(page);
  return pathname === address || (page.path !== "" && pathname.startsWith(`${address}/`));
}

/** A scan opens its product, on every page that does not read scans itself. */
function useProductScans(): void {
  const navigate = useNavigate();
  useScans(
    (code) => {
      findByCode(code).then(
        ({ productId }) => navigate(`/admin/products/${encodeURIComponent(productId)}`),
        (error) => reportScan(error, code),
      );
    },
    { fallback: true },
  );
}

function useAdminCommands(): void {
  const navigate = useNavigate();
  useCommands(
    useMemo(
      () =>
        adminPages
          .filter((page) => page.path && !page.path.includes(":"))
          .map((page) => ({
            id: `admin ${page.path}`,
            title: page.title,
            group: "Back office",
            icon: page.icon,
            ...(page.shortcut && { shortcut: page.shortcut }),
            ...(page.keywords && { keywords: page.keywords }),
            run: () => navigate(addressOf(page)),
          })),
      [navigate],
    ),
  );
}
