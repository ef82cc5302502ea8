/** Labels of everything that lem makes on an engine. What does not carry `owner` is never touched. */
export const labels = {
  owner: "lem.owner",
  campaign: "lem.campaign",
  launch: "lem.launch",
  role: "lem.role",
} as const;
