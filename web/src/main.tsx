import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router/dom";
import { isReachable } from "@/api/client";
import { recoverFromOutages } from "@/api/outage";
import { queryClient } from "@/api/queries";
import { router } from "@/routes";
import "@/index.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

recoverFromOutages(queryClient, {
  isReachable,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
});

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
