import { Route, Routes, useLocation } from "react-router";
import { AdminsOnly } from "@/features/auth/guards";
import { NotFound } from "@/pages/broken";
import { AdminLayout } from "./layout";
import { PageBoundary, PageCode } from "./page-code";
import { adminPages } from "./page-table";

/** The back office: its own room, loaded when an admin first enters it, and page by page from there. */
export function Component() {
  const { pathname } = useLocation();
  return (
    <AdminsOnly>
      <AdminLayout>
        <PageBoundary key={pathname}>
          <Routes>
            {adminPages.map(({ path, load }) => {
              const page = <PageCode key={path} path={path} load={load} />;
              return path ? (
                <Route key={path} path={path} element={page} />
              ) : (
                <Route key="index" index element={page} />
              );
            })}
            <Route path="*" element={<NotFound />} />
          </Routes>
        </PageBoundary>
      </AdminLayout>
    </AdminsOnly>
  );
}
