/** A number as the store writes it: 64-bit integers may come as decimal text. */
export type StoredNumber = number | string;
