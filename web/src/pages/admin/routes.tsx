import { LayoutDashboard } from "lucide-react";
import { Route, Routes } from "react-router";
import { Page } from "@/components/layout/page";
import { EmptyState } from "@/components/ui/states";
import { AdminsOnly } from "@/features/auth/guards";
import { NotFound } from "@/pages/broken";

/** The back office: its own room, loaded when an admin first enters it. */
export function Component() {
  return (
    <AdminsOnly>
      <Routes>
        <Route index element={<Overview />} />
        <Route path="*" element={<NotFound />} />
      </Routes>
    </AdminsOnly>
  );
}

function Overview() {
  return (
    <Page title="Back office">
      <EmptyState icon={LayoutDashboard} title="Back office" />
    </Page>
  );
}
