/** Masked forms: enough to recognise one's own value, too little to use somebody else's. */

/** `maria.rossi@example.com` -> `m***@example.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@')
  return at < 1 ? '***' : `${email.slice(0, 1)}***${email.slice(at)}`
}

/** The last two digits: `+4915112345678` -> `***78`. */
export function maskPhone(phone: string): string {
  return `***${phone.slice(-2)}`
}

/** Initials: `Maria Rossi` -> `M. R.`. */
export function maskName(name: string): string {
  const initials = name
    .split(/\s+/)
    .filter(Boolean)
    .map((part) => `${[...part][0]}.`)
  return initials.join(' ')
}

/** Year only: `1985-04-12` -> `1985-**-**`. */
export function maskDate(date: string): string {
  return `${date.slice(0, 4)}-**-**`
}

/** The last four characters of an id of at least eight; otherwise nothing of it. */
export function maskId(id: string): string {
  return id.length >= 8 ? `***${id.slice(-4)}` : '***'
}
