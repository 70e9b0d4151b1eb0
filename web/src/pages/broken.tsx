import { Compass, Construction } from "lucide-react";
import { useEffect } from "react";
import { useRouteError } from "react-router";
import { isReachable } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState
        heading="h1"
        icon={Compass}
        title="This page does not exist"
        action={
          <>
            <ButtonLink to="/products">To the shop</ButtonLink>
            <ButtonLink to="/" variant="secondary">
              Front page
            </ButtonLink>
          </>
        }
      >
        The address may be wrong, or the page was removed.
      </EmptyState>
    </Page>
  );
}

/** A page failed, or its code could not be loaded (the connection is lost, or a new version was installed). */
export function Broken() {
  return <BrokenPage error={useRouteError()} />;
}

const LOOK_AGAIN_MS = 3_000;

export function BrokenPage({ error }: { error: unknown }) {
  const isMissing = error instanceof TypeError && /import|fetch/i.test(error.message);
  // What could not be loaded comes by itself when the server answers again.
  useEffect(() => {
    if (!isMissing) return;
    const timer = setInterval(async () => {
      if (await isReachable()) location.reload();
    }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isMissing]);
  return (
    <Page title="Something broke">
      <EmptyState
        heading="h1"
        icon={Construction}
        title={isMissing ? "This page could not be loaded" : "Something broke on this page"}
        action={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        {isMissing
          ? "The shop cannot be reached, or it was updated. The page comes by itself when it answers again."
          : "Your cart and your session are safe. Reload to go on."}
      </EmptyState>
    </Page>
  );
}
