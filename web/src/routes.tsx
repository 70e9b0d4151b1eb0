import { createBrowserRouter, type RouteObject } from "react-router";
import { Shell } from "@/components/layout/shell";
import { preloadable } from "@/lib/preload";
import { Broken, NotFound } from "@/pages/broken";
import { Landing } from "@/pages/landing";
import { Products } from "@/pages/products";

/** The shop's first pages come at once; every other page when somebody goes there. */
const routes: RouteObject[] = [
  {
    element: <Shell />,
    hydrateFallbackElement: <div />,
    errorElement: <Broken />,
    children: [
      {
        errorElement: <Broken />,
        children: [
          { index: true, element: <Landing /> },
          { path: "products", element: <Products /> },
          { path: "products/:id", lazy: preloadable("product", () => import("@/pages/product")) },
          { path: "cart", lazy: () => import("@/pages/cart") },
          { path: "orders", lazy: () => import("@/pages/orders") },
          { path: "orders/:id", lazy: () => import("@/pages/order") },
          { path: "account", lazy: () => import("@/pages/account") },
          { path: "login", lazy: () => import("@/pages/auth/login") },
          { path: "signup", lazy: () => import("@/pages/auth/signup") },
          { path: "signup/confirm", lazy: () => import("@/pages/auth/confirm") },
          { path: "password/forgot", lazy: () => import("@/pages/auth/forgot") },
          { path: "password/reset", lazy: () => import("@/pages/auth/reset") },
          { path: "setup", lazy: () => import("@/pages/auth/setup") },
          { path: "admin/*", lazy: () => import("@/pages/admin/routes") },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
];

export const router = createBrowserRouter(routes);
