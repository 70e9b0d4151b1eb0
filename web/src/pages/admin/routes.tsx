import { Route, Routes } from "react-router";
import { AdminsOnly } from "@/features/auth/guards";
import { NotFound } from "@/pages/broken";
import { Overview } from "./overview";

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
