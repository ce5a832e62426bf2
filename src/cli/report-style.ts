/** The look of the report, light or dark as the reader's system is. */
export const style = `
:root{--ink:#111827;--soft:#6b7280;--line:#e5e7eb;--page:#fff;--panel:#f9fafb;--accent:#2563eb;--bad:#ea580c;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#f3f4f6;--soft:#9ca3af;--line:#374151;--page:#111827;--panel:#1f2937;--accent:#60a5fa;--bad:#fb923c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2.5rem 1.5rem 4rem;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{margin:0;font-size:1.9rem;line-height:1.2;letter-spacing:-.01em}
h2{margin:3rem 0 .75rem;font-size:1.2rem}
header p{margin:.4rem 0 1.5rem;color:var(--soft)}
.tiles{display:flex;flex-wrap:wrap;gap:.75rem}
.tile{flex:1 1 8rem;padding:.9rem 1rem;background:var(--panel);border:1px solid var(--line);border-radius:.6rem}
.tile b{display:block;font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:.85rem}
.tile.main b{color:var(--accent)}
.note{color:var(--soft);font-size:.9rem;margin:.25rem 0 1rem}
.key{display:inline-flex;align-items:center;gap:.35rem;margin:0 .5rem 0 .25rem;white-space:nowrap}
.key i{width:.8rem;height:.8rem;border-radius:.2rem;border:1px solid var(--line)}
.heads,figure{display:grid;grid-template-columns:repeat(4,1fr);gap:.5rem}
.heads{position:sticky;top:0;padding:.4rem 0;background:var(--page);color:var(--soft);font-size:.85rem}
figure{margin:0 0 1.25rem}
img{display:block;width:100%;height:auto;border-radius:.3rem;image-rendering:pixelated;background:var(--panel)}
figcaption{grid-column:1/-1;color:var(--soft);font-size:.85rem}
figcaption b{color:var(--ink);font-variant-numeric:tabular-nums}
.tables{display:flex;flex-wrap:wrap;gap:2rem;align-items:flex-start;overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.95rem}
th,td{padding:.35rem .8rem;text-align:right;border-bottom:1px solid var(--line);font-weight:400}
th:first-child{text-align:left;padding-left:0}
thead th{color:var(--soft);font-size:.85rem}
tfoot th,tfoot td{font-weight:600;border-bottom:0}
svg{display:block;width:100%;height:auto}
.tables svg{width:auto;max-width:100%}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:0}
dt{color:var(--soft)}
dd{margin:0}
pre{padding:.8rem 1rem;overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:.5rem;font-size:.9rem}
@media print{.heads{position:static}figure{break-inside:avoid}}
`;
