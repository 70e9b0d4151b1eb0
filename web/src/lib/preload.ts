/** Loads the code of a page before it is opened. Routes name their pages here, so that no part of a page has to know one. */
const loads = new Map<string, () => Promise<unknown>>();

export function preloadable<Module>(name: string, load: () => Promise<Module>): () => Promise<Module> {
  loads.set(name, load);
  return load;
}

export function preload(name: string): void {
  void loads.get(name)?.();
}
