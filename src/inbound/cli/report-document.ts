/** A piece of a report, however it is printed. */
export type Block =
  | { readonly heading: string; readonly level: 1 | 2 | 3 }
  | { readonly text: string }
  | { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }

/** GitHub-flavoured Markdown. */
export function asMarkdown(blocks: readonly Block[]): string {
  return blocks.map(markdownOf).join('\n\n')
}

function markdownOf(block: Block): string {
  if ('heading' in block) return `${'#'.repeat(block.level)} ${inMarkdown(block.heading)}`
  if ('text' in block) return inMarkdown(block.text)
  const line = (cells: readonly string[]) => `| ${cells.map(inMarkdown).join(' | ')} |`
  return [line(block.head), line(block.head.map(() => '---')), ...block.rows.map(line)].join('\n')
}

/** Names come from tables and registrations: none may end a cell or begin a tag. */
function inMarkdown(text: string): string {
  return text.replace(/[\\`*_<>[\]|]/g, (mark) => `\\${mark}`).replace(/\s*\n\s*/g, ' ')
}

/** One self-contained page without scripts. */
export function asHtml(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${inHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { border: 1px solid #999; padding: .25rem .6rem; text-align: left; vertical-align: top }
</style>
${blocks.map(htmlOf).join('\n')}
</html>`
}

function htmlOf(block: Block): string {
  if ('heading' in block) return `<h${block.level}>${inHtml(block.heading)}</h${block.level}>`
  if ('text' in block) return `<p>${inHtml(block.text)}</p>`
  const row = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${inHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<table>\n${[row(block.head, 'th'), ...block.rows.map((cells) => row(cells, 'td'))].join('\n')}\n</table>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark)
}
