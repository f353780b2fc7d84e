import { Kind, type SelectionNode } from 'graphql'

/** Coerced: defaults are in them, and nothing that the operation does not define. */
export type Variables = Readonly<Record<string, unknown>>

/** Whether `@skip` and `@include` let a selection be executed: known from the document, or by its variables. */
export function conditionOf(
  selection: SelectionNode,
): boolean | ((variables: Variables) => boolean) {
  const switches: { readonly name: string; readonly wanted: boolean }[] = []
  for (const directive of selection.directives ?? []) {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') continue
    const wanted = name === 'include'
    const value = directive.arguments?.[0]?.value
    if (value?.kind === Kind.VARIABLE) switches.push({ name: value.name.value, wanted })
    else if ((value?.kind === Kind.BOOLEAN && value.value) !== wanted) return false
  }
  if (switches.length === 0) return true
  return (variables) =>
    switches.every(
      // Own properties only: a variable may be called `constructor`.
      ({ name, wanted }) => (Object.hasOwn(variables, name) && variables[name] === true) === wanted,
    )
}
