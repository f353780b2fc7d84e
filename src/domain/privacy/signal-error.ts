/** A consent string that can't be relied on; the message repeats nothing of it. */
export class SignalError extends Error {
  override readonly name = 'SignalError'
}
