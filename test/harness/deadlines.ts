/** Longest that a process of a test may take to answer for the first time, in milliseconds. */
export const startDeadlineMs = 60_000;
