// Reads what the entries src/index.ts and src/node.ts export: sections (comment lines), names, signatures, JSDoc.
import { readFileSync } from "node:fs";
import ts from "typescript";

/** @typedef {{ title: string, entries: Entry[] }} Section */
/** @typedef {{ name: string, original: string, kind: string, signatures: string[], text: string, tags: [string, string][], members: Member[], optionsName: string, options: Member[] }} Entry */
/** @typedef {{ name: string, type: string, text: string }} Member */

const NO_TRUNCATION = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;

/** A program over the entries, of which `readSections` and `readModule` tell. */
export function openProgram(files, configFile) {
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  return ts.createProgram(files, { ...options, noEmit: true });
}

/** The exports of an entry that lists them under comment lines. @returns {Section[]} */
export function readSections(program, file) {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const text = readFileSync(file, "utf8");
  const sections = [];
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) continue;
    const comments = (ts.getLeadingCommentRanges(text, statement.pos) ?? []).map(({ pos, end }) => text.slice(pos, end));
    const title = comments.at(-1)?.replace(/^\/\/\s*/, "");
    if (title && sections.at(-1)?.title !== title) sections.push({ title, entries: [] });
    for (const element of statement.exportClause.elements) sections.at(-1).entries.push(describe(checker, element.name.text, checker.getAliasedSymbol(checker.getSymbolAtLocation(element.name))));
  }
  return sections;
}

/** All exports of a module, in one section. @returns {Section} */
export function readModule(program, file, title) {
  const checker = program.getTypeChecker();
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const behind = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  return { title, entries: symbols.map((symbol) => describe(checker, symbol.name, behind(symbol))).sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

const docText = (checker, symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker));
const tagsOf = (checker, symbol) => symbol.getJsDocTags(checker).map(({ name, text }) => [name, ts.displayPartsToString(text)]);
const visible = (symbol) => !symbol.getJsDocTags().some(({ name }) => name === "internal") && !symbol.name.startsWith("#") && !symbol.name.startsWith("__");

function describe(checker, name, symbol) {
  const declaration = symbol.valueDeclaration ?? symbol.declarations[0];
  const entry = { name, original: symbol.name, kind: "value", signatures: [], text: docText(checker, symbol), tags: tagsOf(checker, symbol), members: [], optionsName: "", options: [], file: declaration.getSourceFile().fileName };
  const type = symbol.flags & ts.SymbolFlags.Value ? checker.getTypeOfSymbolAtLocation(symbol, declaration) : checker.getDeclaredTypeOfSymbol(symbol);
  const print = (t) => checker.typeToString(t, declaration, NO_TRUNCATION);
  if (symbol.flags & ts.SymbolFlags.Class) {
    entry.kind = "class";
    const own = checker.getDeclaredTypeOfSymbol(symbol);
    entry.signatures = type.getConstructSignatures().filter((s) => s.declaration?.parent === declaration).map((s) => `new ${checker.signatureToString(s, declaration, NO_TRUNCATION).replace(/^/, name).replace(/: [^:]*$/, "")}`);
    const construct = declaration.members.find(ts.isConstructorDeclaration);
    if (construct && !entry.text) entry.text = ts.displayPartsToString(checker.getSignatureFromDeclaration(construct).getDocumentationComment(checker));
    if (construct) readOptions(checker, entry, checker.getSignatureFromDeclaration(construct), declaration);
    entry.members = members(checker, own.getProperties().filter((m) => m.declarations?.some((d) => d.parent === declaration) && !(ts.getCombinedModifierFlags(m.declarations[0]) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected))), declaration);
  } else if (symbol.flags & ts.SymbolFlags.Value && type.getCallSignatures().length > 0) {
    entry.kind = "function";
    entry.signatures = type.getCallSignatures().map((s) => `${name}${checker.signatureToString(s, declaration, NO_TRUNCATION)}`);
    // An arrow function's comment belongs to the variable.
    const first = type.getCallSignatures()[0];
    entry.text ||= ts.displayPartsToString(first.getDocumentationComment(checker));
    readOptions(checker, entry, first, declaration);
  } else if (symbol.flags & ts.SymbolFlags.Interface) {
    entry.kind = "interface";
    entry.members = members(checker, type.getProperties(), declaration);
  } else if (symbol.flags & ts.SymbolFlags.TypeAlias) {
    entry.kind = "type";
    entry.signatures = [declaration.getText().replace(/^export /, "")];
  } else entry.signatures = [`${name}: ${print(type)}`];
  return entry;
}

/** The fields of a parameter whose type is called …Options. */
function readOptions(checker, entry, signature, declaration) {
  for (const parameter of signature.parameters) {
    const given = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, declaration));
    const home = given.aliasSymbol ?? given.symbol;
    if (!home || !/Options$/.test(home.name)) continue;
    entry.optionsName = home.name;
    entry.options = members(checker, given.getProperties(), declaration);
  }
}

/** What the comment of a method says of its parameters and errors. */
const parameters = (checker, symbol) => tagsOf(checker, symbol).flatMap(([name, text]) => (name === "param" ? [`${text.replace(/^(\S+)\s*(?:-\s*)?/, "`$1`: ")}.`] : name === "throws" ? [`Throws ${text}.`] : []));

function members(checker, symbols, at) {
  return symbols.filter(visible).map((symbol) => {
    const type = checker.getTypeOfSymbolAtLocation(symbol, at);
    const optional = symbol.flags & ts.SymbolFlags.Optional;
    return { name: symbol.name, optional: Boolean(optional), type: checker.typeToString(optional ? checker.getNonNullableType(type) : type, at, NO_TRUNCATION), text: [docText(checker, symbol), ...parameters(checker, symbol)].filter(Boolean).join(" ") };
  });
}
