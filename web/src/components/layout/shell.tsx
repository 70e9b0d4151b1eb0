import { useQueryClient } from "@tanstack/react-query";
import {
  Home,
  LayoutDashboard,
  LogOut,
  Moon,
  Package,
  Search,
  ShoppingBag,
  Store,
  Sun,
  UserRound,
} from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Outlet, ScrollRestoration, useLocation, useNavigate, useNavigation } from "react-router";
import { replays, session } from "@/api/client";
import { signOut, useAuth } from "@/features/auth/auth";
import { setTheme } from "@/features/theme/theme";
import { cn } from "@/lib/cn";
import { useStore } from "@/lib/store";
import { type Command, paletteOpen, useCommands } from "../command/commands";
import { Keyboard } from "../command/keyboard";
import { toast, toasts } from "../ui/toast";
import { Footer } from "./footer";
import { Header } from "./header";
import { SEARCH_ID } from "./search-box";

const MAIN_ID = "main";
// Too much for a first visit.
const Toaster = lazy(async () => ({ default: (await import("../ui/toaster")).Toaster }));
const LeaveGuard = lazy(async () => ({ default: (await import("./leave-guard")).LeaveGuard }));
const SignInAgain = lazy(async () => ({
  default: (await import("@/features/auth/sign-in-again")).SignInAgain,
}));

/** What is around every page of the shop and of the back office. */
export function Shell() {
  const { pathname } = useLocation();
  const busy = useNavigation().state !== "idle";
  const ended = useStore(session.ended);
  const signedIn = useStore(session.current) !== null;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useShopCommands();

  // A new page: readers and the keyboard start at its top, not where the last link was.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each new path
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [pathname]);

  useEffect(() => replays.subscribe(showReplay), []);

  const wide = pathname.startsWith("/admin");
  return (
    <>
      <a
        href={`#${MAIN_ID}`}
        className="sr-only z-50 rounded-lg bg-brand px-4 py-2 font-medium text-on-brand focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        Skip to the content
      </a>
      <div
        aria-hidden
        className={cn(
          "fixed inset-x-0 top-0 z-50 h-0.5 origin-left bg-brand transition-[transform,opacity] duration-500",
          busy ? "scale-x-75 opacity-100 delay-150" : "scale-x-100 opacity-0",
        )}
      />
      <div className="flex min-h-dvh flex-col">
        <Header wide={wide} />
        <main ref={main} id={MAIN_ID} tabIndex={-1} className={cn("flex-1 outline-none", !wide && "pb-16")}>
          <Outlet />
        </main>
        {!wide && <Footer />}
      </div>
      <ScrollRestoration />
      <Keyboard />
      {ended && (
        <Suspense>
          <SignInAgain />
        </Suspense>
      )}
      {signedIn && (
        <Suspense>
          <LeaveGuard />
        </Suspense>
      )}
      <Toasts />
    </>
  );
}

/** The toasts' part is loaded with the first toast. */
function Toasts() {
  const shown = useStore(toasts).length > 0;
  const [wanted, setWanted] = useState(shown);
  if (shown && !wanted) setWanted(true);
  return wanted ? (
    <Suspense>
      <Toaster />
    </Suspense>
  ) : null;
}

function showReplay(): void {
  toast.info("The change was already made", {
    description: "The first request made it, but its answer was lost. It was not made twice.",
    duration: 12_000,
  });
}

function useShopCommands(): void {
  const navigate = useNavigate();
  const { user, isAdmin } = useAuth();
  const isOffice = useLocation().pathname.startsWith("/admin");
  const queryClient = useQueryClient();
  useCommands(
    useMemo(() => {
      const go = (to: string) => () => navigate(to);
      const find = () => {
        const box = isOffice
          ? document.querySelector<HTMLElement>("main input[type=search]")
          : document.getElementById(SEARCH_ID);
        if (box?.offsetParent) box.focus();
        else paletteOpen.set(true);
      };
      const commands: Command[] = [
        {
          id: "find",
          title: isOffice ? "Search this page" : "Search products",
          group: isOffice ? "Back office" : "Shop",
          icon: Search,
          shortcut: "/",
          run: find,
        },
        { id: "go-home", title: "Front page", group: "Shop", icon: Home, shortcut: "g h", run: go("/") },
        {
          id: "go-products",
          title: "All products",
          group: "Shop",
          icon: Store,
          shortcut: "g p",
          run: go("/products"),
        },
        { id: "go-cart", title: "Cart", group: "Shop", icon: ShoppingBag, shortcut: "g c", run: go("/cart") },
        {
          id: "theme-light",
          title: "Light theme",
          group: "Settings",
          icon: Sun,
          run: () => setTheme("light"),
        },
        { id: "theme-dark", title: "Dark theme", group: "Settings", icon: Moon, run: () => setTheme("dark") },
      ];
      if (user) {
        commands.push(
          {
            id: "go-orders",
            title: "Your orders",
            group: "Shop",
            icon: Package,
            shortcut: "g o",
            run: go("/orders"),
          },
          {
            id: "go-account",
            title: "Account",
            group: "Shop",
            icon: UserRound,
            shortcut: "g a",
            run: go("/account"),
          },
          {
            id: "sign-out",
            title: "Sign out",
            group: "Settings",
            icon: LogOut,
            run: () => signOut().then(() => queryClient.clear()),
          },
        );
      } else {
        commands.push({ id: "sign-in", title: "Sign in", group: "Shop", icon: UserRound, run: go("/login") });
      }
      if (isAdmin) {
        commands.push({
          id: "go-admin",
          title: "Back office",
          group: "Back office",
          icon: LayoutDashboard,
          shortcut: "g b",
          run: go("/admin"),
        });
      }
      return commands;
    }, [navigate, user, isAdmin, isOffice, queryClient]),
  );
}
