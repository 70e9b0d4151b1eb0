import { useQuery } from "@tanstack/react-query";
import { Component, type ComponentType, type ReactNode } from "react";
import { isReachable } from "@/api/client";
import { ApiError } from "@/api/errors";
import { Page } from "@/components/layout/page";
import { ErrorState } from "@/components/ui/states";
import { Skeleton } from "@/components/ui/surfaces";
import { tabStorage } from "@/lib/storage";
import { BrokenPage } from "../broken";

type Code = { default: ComponentType };

const RELOADED = "stockwright.reloaded";

/** A page whose code is loaded when somebody first goes there; without an answer it says so, and comes by itself later. */
export function PageCode({ path, load }: { path: string; load: () => Promise<Code> }) {
  const code = useQuery({
    queryKey: ["code", path],
    queryFn: () => load().then(withoutReload, (error) => explain(error, path)),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    retry: false,
  });
  if (code.data) {
    const Shown = code.data.default;
    return <Shown />;
  }
  if (!code.isError) return <PageComing />;
  return (
    <Page title="Not loaded">
      <ErrorState
        heading="h1"
        title="This page could not be loaded"
        error={code.error}
        onRetry={() => code.refetch()}
      />
    </Page>
  );
}

function withoutReload(code: Code): Code {
  tabStorage.write(RELOADED, null);
  return code;
}

/** The server answers, but has another version of the app by now: that one is loaded, once. */
async function explain(error: unknown, path: string): Promise<never> {
  if ((await isReachable()) && tabStorage.read(RELOADED) !== path) {
    tabStorage.write(RELOADED, path);
    location.reload();
  }
  const message = "The shop cannot be reached. This page loads by itself when the shop answers again.";
  throw Object.assign(new ApiError({ status: 0, code: "NETWORK", message }), { cause: error });
}

/** Is shown where a page will be while its code is on the way. */
function PageComing() {
  return (
    <Page title={undefined}>
      <Skeleton className="h-9 w-56" />
      <Skeleton className="mt-8 h-80 rounded-2xl" />
    </Page>
  );
}

/** A page that fails leaves the navigation around it alone. Give it the address as its key. */
export class PageBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error: error ?? new Error("unknown") };
  }

  override render(): ReactNode {
    return this.state.error ? <BrokenPage error={this.state.error} /> : this.props.children;
  }
}
