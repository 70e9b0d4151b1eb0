import { useEffect } from "react";
import { useBlocker } from "react-router";
import { session } from "@/api/client";
import { unsavedForms } from "@/lib/unsaved";
import { LeaveDialog } from "../ui/dialog";

/** Asks before a navigation or a reload loses what a form holds; after signing out there is nothing left to save. */
export function LeaveGuard() {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      currentLocation.pathname !== nextLocation.pathname &&
      session.current.get() !== null &&
      unsavedForms.any(),
  );
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (unsavedForms.any()) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
  if (blocker.state !== "blocked") return null;
  return <LeaveDialog onStay={() => blocker.reset()} onLeave={() => blocker.proceed()} />;
}
