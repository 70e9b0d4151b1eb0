/** The members by a name of each, names in the order of their first member. */
export function grouped<Member>(
  members: readonly Member[],
  nameOf: (member: Member) => string,
): [string, Member[]][] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const name = nameOf(member);
    const group = groups.get(name);
    if (group) group.push(member);
    else groups.set(name, [member]);
  }
  return [...groups];
}
