import { useQuery } from "@tanstack/react-query";
import { type Location, locations } from "./queries";

/** The locations of the shop, and their names. */
export function useLocations(): { locations: Location[]; nameOf: (id: string) => string } {
  const { data = [] } = useQuery(locations);
  const names = new Map(data.map(({ id, name }) => [id, name]));
  return { locations: data, nameOf: (id) => names.get(id) ?? id };
}
