import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { ApiError } from "./errors";
import { recoverFromOutages } from "./outage";

const down = new ApiError({ status: 0, code: "NETWORK", message: "No answer." });
const refused = new ApiError({ status: 404, code: "NOT_FOUND", message: "No." });

function observe(client: QueryClient, name: string, queryFn: () => Promise<string>): QueryObserver<string> {
  const observer = new QueryObserver<string>(client, { queryKey: [name], queryFn, retry: false });
  observer.subscribe(() => undefined);
  return observer;
}

test("failed requests are repeated when the server is back; refused ones are not", async () => {
  const client = new QueryClient();
  let isUp = false;
  let probes = 0;
  let asked = 0;
  let recovered: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    recovered = resolve;
  });
  const stop = recoverFromOutages(client, {
    isReachable: async () => {
      probes += 1;
      isUp = probes >= 3;
      return isUp;
    },
    sleep: () => Promise.resolve(),
  });
  const lost = observe(client, "lost", async () => {
    if (!isUp) throw down;
    recovered();
    return "here";
  });
  const gone = observe(client, "gone", async () => {
    asked += 1;
    throw refused;
  });
  await done;
  await expect.poll(() => lost.getCurrentResult().data).toBe("here");
  expect(probes).toBe(3);
  expect(asked).toBe(1);
  expect(gone.getCurrentResult().isError).toBe(true);
  stop();
  client.clear();
});
