import { LockKeyhole } from "lucide-react";
import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";
import { useAuth } from "./auth";

/** For those who are signed in; others sign in first, and come back to here. */
export function SignedIn({ children }: { children: ReactNode }) {
  const { user } = useAuth();
  const { pathname, search } = useLocation();
  if (!user) return <Navigate to={`/login?next=${encodeURIComponent(pathname + search)}`} replace />;
  return children;
}

export function AdminsOnly({ children }: { children: ReactNode }) {
  const { isAdmin } = useAuth();
  return (
    <SignedIn>
      {isAdmin ? (
        children
      ) : (
        <EmptyState
          heading="h1"
          icon={LockKeyhole}
          title="This page is for the shop's staff"
          action={<ButtonLink to="/products">To the shop</ButtonLink>}
        >
          Your account is a customer account. An admin can change this under Users.
        </EmptyState>
      )}
    </SignedIn>
  );
}
