// The pages of docs/api as Markdown.

export const slug = (title) => title.toLowerCase().replaceAll("'", "").replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
const cell = (text) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ").trim();
const code = (text) => `\`${text.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|")}\``;

function table(members, head) {
  if (members.length === 0) return "";
  return `\n| ${head} | type | |\n|---|---|---|\n${members.map(({ name, optional, type, text }) => `| \`${name}${optional ? "?" : ""}\` | ${code(type)} | ${cell(text)} |`).join("\n")}\n`;
}

/** Indented lines (formulas, code) keep their shape; the rest is prose. */
function prose(text) {
  if (!text) return "";
  const lines = [];
  let indented = false;
  for (const line of text.split("\n")) {
    const now = /^\s{2,}\S/.test(line) && !/^\s*[-*] /.test(line);
    if (now !== indented && line.trim() && lines.at(-1)?.trim()) lines.push("");
    if (line.trim()) indented = now;
    lines.push(now ? `    ${line.trimStart()}` : line);
  }
  return `\n${lines.join("\n")}\n`;
}

function tagLines(tags) {
  const lines = [];
  for (const [name, text] of tags) {
    if (name === "param") lines.push(`- ${text.replace(/^(\S+)\s*(?:-\s*)?/, "`$1` ").replaceAll(/\s*\n\s*/g, " ")}`);
    if (name === "returns") lines.push(`- returns ${text.replaceAll(/\s*\n\s*/g, " ")}`);
    if (name === "throws") lines.push(`- throws ${text.replaceAll(/\s*\n\s*/g, " ")}`);
  }
  const counterpart = (name) => tags.find(([t]) => t === name)?.[1].replaceAll(/\s*\n\s*/g, " ");
  if (counterpart("pytorch")) lines.push(`- PyTorch: ${counterpart("pytorch")}`);
  if (counterpart("onnx")) lines.push(`- ONNX: ${counterpart("onnx")}`);
  return lines.length > 0 ? `\n${lines.join("\n")}\n` : "";
}

function entryText({ name, kind, signatures, text, tags, members, optionsName, options }) {
  const signature = signatures.length > 0 ? `\n\`\`\`ts\n${signatures.join("\n")}\n\`\`\`\n` : "";
  return `## ${name}\n${signature}${prose(text)}${tagLines(tags)}${table(options, `option (${optionsName})`)}${table(members, kind === "class" ? "member" : "field")}`;
}

const written = "<!-- Written by scripts/gen-api.mjs from the comments and types of the code; edit those. -->\n";

export function page({ title, entries }) {
  const order = { function: 0, class: 0, value: 0, type: 1, interface: 1 };
  // Options stand with what takes them.
  const shown = new Set(entries.map(({ optionsName }) => optionsName));
  const sorted = entries.filter(({ original }) => !shown.has(original)).sort((a, b) => order[a.kind] - order[b.kind]);
  return `${written}# ${title}\n\n${sorted.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(" · ")}\n\n${sorted.map((entry) => entryText({ ...entry, optionsName: entries.find(({ original }) => original === entry.optionsName)?.name ?? entry.optionsName })).join("\n")}`;
}

export function index(sections) {
  const operators = sections.find(({ title }) => title === "Operators")?.entries.filter(({ kind }) => kind === "function") ?? [];
  const counterpart = (tags, name) => cell(tags.find(([t]) => t === name)?.[1] ?? "");
  const lists = sections.map(({ title, entries }) => `- [${title}](${slug(title)}.md): ${entries.filter(({ kind }) => kind !== "interface" && kind !== "type").map(({ name }) => name).join(", ")}`).join("\n");
  const rows = operators.map(({ name, tags }) => `| [${name}](operators.md#${name.toLowerCase()}) | ${counterpart(tags, "pytorch")} | ${counterpart(tags, "onnx")} |`).join("\n");
  return `${written}# What atrous exports

Everything that \`import … from "atrous"\` gives, section by section; [Node](node.md) is what \`atrous/node\` adds. Shapes are written with their axes: feature maps are NHWC, kernels OHWI.
Which operator takes which dtype, and has a gradient for it: [dtypes.md](dtypes.md).

${lists}

## Operators and their counterparts

| atrous | PyTorch | ONNX |
|---|---|---|
${rows}
`;
}
