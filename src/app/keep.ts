/** Small things by kind and name, each a JSON object. What is read was written by an older Baton, maybe: parse it. */
export type Kept = {
  /** Null when there is none. */
  get(kind: string, key: string): Promise<unknown>
  /** By key, in its order. */
  list(kind: string): Promise<{ key: string; value: unknown }[]>
  put(kind: string, key: string, value: object): Promise<void>
  remove(kind: string, key: string): Promise<void>
  /**
   * Runs with this one locked across all replicas, whether it exists or not, so that what must be done once is (a token
   * that dies when it is refreshed). `put` is kept when `work` ends well, and undone when it throws. Holds a connection
   * to the database meanwhile: whatever `work` calls needs a timeout.
   */
  locked<T>(
    kind: string,
    key: string,
    work: (current: unknown, put: (value: object) => Promise<void>) => Promise<T>,
  ): Promise<T>
}

/**
 * What a surface remembers between starts, and shares with every replica. `secret` is encrypted in the database; it
 * throws UserError where no key for that was given.
 */
export type Keep = { plain: Kept; secret: Kept }
