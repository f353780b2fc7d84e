/** A receiver that did not take over what was sent. The message holds nothing of what that was. */
export class SinkError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(`Audit sink: ${message}.`, options)
    this.name = 'SinkError'
  }
}
