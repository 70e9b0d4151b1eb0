import {
  CircleUserRound,
  LayoutDashboard,
  LogIn,
  LogOut,
  Package,
  Search,
  ShoppingBag,
  UserRound,
} from "lucide-react";
import { Link, NavLink, useLocation, useNavigate } from "react-router";
import { signOut, useAuth } from "@/features/auth/auth";
import { countOf } from "@/features/cart/cart";
import { useCart } from "@/features/cart/store";
import { useShopName } from "@/features/shop/shop";
import { cn } from "@/lib/cn";
import { counted } from "@/lib/count";
import { paletteOpen } from "../command/commands";
import { Button, ButtonLink } from "../ui/button";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu";
import { Logo } from "./logo";
import { SearchBox } from "./search-box";
import { ThemeSwitch } from "./theme-switch";

function NavItem({ to, children }: { to: string; children: string }) {
  return (
    <NavLink
      to={to}
      className={({ isActive }) =>
        cn(
          "whitespace-nowrap rounded-lg px-3 py-2 font-medium text-sm hover:bg-sunken",
          isActive ? "text-ink" : "text-muted",
        )
      }
    >
      {children}
    </NavLink>
  );
}

function CartLink() {
  const count = countOf(useCart());
  return (
    <Link
      to="/cart"
      aria-label={`Cart, ${counted(count, "unit")}`}
      className="relative grid size-10 place-items-center rounded-xl hover:bg-sunken"
    >
      <ShoppingBag aria-hidden className="size-5" />
      {count > 0 && (
        <span
          key={count}
          aria-hidden
          className="absolute top-0 left-1/2 grid h-4.5 min-w-4.5 animate-bump place-items-center rounded-full bg-brand px-1 font-semibold text-[0.625rem] text-on-brand tabular-nums"
        >
          {count > 99 ? "99+" : count}
        </span>
      )}
    </Link>
  );
}

function AccountMenu() {
  const { user, isAdmin } = useAuth();
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  if (!user) {
    const next =
      /^\/(login|signup|password|setup)?\b/.test(pathname) &&
      pathname !== "/products" &&
      !pathname.startsWith("/products/")
        ? ""
        : `?from=${encodeURIComponent(pathname + search)}`;
    return (
      <>
        <ButtonLink to={`/login${next}`} variant="ghost" size="sm" className="max-sm:hidden">
          Sign in
        </ButtonLink>
        <ButtonLink to="/signup" size="sm" className="max-sm:hidden">
          Sign up
        </ButtonLink>
        <Link
          to={`/login${next}`}
          aria-label="Sign in"
          className="grid size-10 place-items-center rounded-xl hover:bg-sunken sm:hidden"
        >
          <LogIn aria-hidden className="size-5" />
        </Link>
      </>
    );
  }
  const leave = async () => {
    await signOut();
    navigate("/");
  };
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label="Account">
          <CircleUserRound aria-hidden className="size-5.5" strokeWidth={1.8} />
        </Button>
      }
    >
      <MenuLabel>
        <span className="block truncate font-medium text-ink text-sm">{user.name || user.email}</span>
        {user.name && <span className="block truncate">{user.email}</span>}
      </MenuLabel>
      <MenuSeparator />
      {isAdmin && (
        <MenuItem onSelect={() => navigate("/admin")}>
          <LayoutDashboard aria-hidden /> Back office
        </MenuItem>
      )}
      <MenuItem onSelect={() => navigate("/orders")}>
        <Package aria-hidden /> Your orders
      </MenuItem>
      <MenuItem onSelect={() => navigate("/account")}>
        <UserRound aria-hidden /> Account
      </MenuItem>
      <MenuSeparator />
      <MenuItem onSelect={leave}>
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
}

/** `wide`: as wide as the window, like the rooms below it. */
export function Header({ wide = false }: { wide?: boolean }) {
  const { user, isAdmin } = useAuth();
  const shop = useShopName();
  return (
    <header className="sticky top-0 z-40 print:hidden border-b bg-canvas/85 backdrop-blur-md">
      <div
        className={cn(
          "mx-auto flex h-16 items-center gap-2 px-4 max-[22rem]:gap-0 max-[22rem]:px-2.5 sm:gap-4 sm:px-6",
          wide ? "max-w-none" : "max-w-7xl",
        )}
      >
        <Link to="/" aria-label={`${shop}, the front page`} className="flex rounded-lg">
          <Logo />
        </Link>
        <nav aria-label="Main" className="ml-2 hidden items-center md:flex">
          <NavItem to="/products">Shop</NavItem>
          {user && <NavItem to="/orders">Orders</NavItem>}
          {isAdmin && <NavItem to="/admin">Back office</NavItem>}
        </nav>
        <SearchBox className="mx-auto hidden w-full max-w-md md:block" />
        <div className="ml-auto flex items-center gap-0.5 sm:gap-1 md:ml-0">
          <Button
            variant="ghost"
            size="icon"
            aria-label="Search"
            className="md:hidden"
            onClick={() => paletteOpen.set(true)}
          >
            <Search aria-hidden className="size-5" />
          </Button>
          <ThemeSwitch />
          <CartLink />
          <AccountMenu />
        </div>
      </div>
    </header>
  );
}
