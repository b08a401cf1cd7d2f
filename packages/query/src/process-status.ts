/** What the composing process knows of its other roles, beyond what is stored. */
export interface ProcessStatus {
  /** Frames set aside because they could not be stored. */
  deadLetters?: number;
}
