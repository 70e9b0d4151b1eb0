import { Compass, Construction } from "lucide-react";
import { useRouteError } from "react-router";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState
        heading="h1"
        icon={Compass}
        title="There is no page here"
        action={
          <>
            <ButtonLink to="/products">To the shop</ButtonLink>
            <ButtonLink to="/" variant="secondary">
              Front page
            </ButtonLink>
          </>
        }
      >
        The address may be mistyped, or what it showed is gone.
      </EmptyState>
    </Page>
  );
}

/** A page failed, or its code could not be loaded (a new version was installed meanwhile). */
export function Broken() {
  const error = useRouteError();
  const stale = error instanceof TypeError && /import|fetch/i.test(error.message);
  return (
    <Page title="Something broke">
      <EmptyState
        heading="h1"
        icon={Construction}
        title={stale ? "This page could not be loaded" : "Something broke on this page"}
        action={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        {stale
          ? "The shop may have been updated, or the connection was lost. Reload to go on."
          : "Your cart and your session are safe. Reload to go on."}
      </EmptyState>
    </Page>
  );
}
