import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { AdminsOnly } from "@/features/auth/guards";
import { NotFound } from "@/pages/broken";
import { AdminLayout, PageComing } from "./layout";
import { adminPages } from "./page-table";

const shown = adminPages.map(({ path, load }) => ({ path, Shown: lazy(load) }));

/** The back office: its own room, loaded when an admin first enters it, and page by page from there. */
export function Component() {
  return (
    <AdminsOnly>
      <AdminLayout>
        <Suspense fallback={<PageComing />}>
          <Routes>
            {shown.map(({ path, Shown }) =>
              path ? (
                <Route key={path} path={path} element={<Shown />} />
              ) : (
                <Route key="index" index element={<Shown />} />
              ),
            )}
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </AdminLayout>
    </AdminsOnly>
  );
}
