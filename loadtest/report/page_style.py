"""The report page's style sheet, light and dark."""

STYLE = """
:root { color-scheme: light dark;
  --page:#f6f7f9; --card:#ffffff; --ink:#16191f; --soft:#5c6470; --line:#e3e6eb; --track:#eef0f4;
  --pass:#0d7a4a; --fail:#c2262e; --invalid:#9a6200;
  --pass-back:#e3f5ec; --fail-back:#fdeaea; --invalid-back:#fdf2dc;
  --s0:#2563c9; --s1:#d9620f; --s2:#0f8a76; --s3:#8a3fc0; --s4:#b3890a; --s5:#c02b6b; }
@media (prefers-color-scheme: dark) { :root {
  --page:#101216; --card:#191c22; --ink:#eceef2; --soft:#9aa3b0; --line:#2c313a; --track:#23272f;
  --pass:#4cc38a; --fail:#ff7a7f; --invalid:#f0b354;
  --pass-back:#12291f; --fail-back:#321619; --invalid-back:#2e2412;
  --s0:#6ea3ff; --s1:#ff9a52; --s2:#3fc7ae; --s3:#c18bf0; --s4:#e0bd45; --s5:#f27fb0; } }
* { box-sizing:border-box; }
body { margin:0; background:var(--page); color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif; }
main { max-width:1320px; margin:0 auto; padding:28px 24px 64px; }
h1 { font-size:26px; line-height:1.25; margin:0; letter-spacing:-.01em; }
h2 { font-size:15px; margin:0 0 12px; font-weight:650; }
.verdict { border-radius:14px; padding:22px 26px; border:1px solid var(--line);
  border-left:6px solid var(--tone); background:var(--back); }
.verdict.pass { --tone:var(--pass); --back:var(--pass-back); }
.verdict.fail { --tone:var(--fail); --back:var(--fail-back); }
.verdict.invalid { --tone:var(--invalid); --back:var(--invalid-back); }
.verdict h1 b { color:var(--tone); }
.verdict p { margin:6px 0 0; color:var(--soft); }
.verdict ul { margin:12px 0 0; padding-left:20px; }
.tiles { display:grid; gap:14px; margin:18px 0;
  grid-template-columns:repeat(auto-fit,minmax(180px,1fr)); }
.tile,.card { background:var(--card); border:1px solid var(--line); border-radius:14px; }
.tile { padding:14px 18px; }
.tile span { color:var(--soft); font-size:13px; display:block; }
.tile strong { font-size:23px; font-weight:650; letter-spacing:-.01em;
  font-variant-numeric:tabular-nums; }
.tile small { color:var(--soft); display:block; font-size:12.5px; }
.cards { display:grid; gap:18px;
  grid-template-columns:repeat(auto-fit,minmax(min(560px,100%),1fr)); }
.card { padding:18px 20px; overflow-x:auto; }
.wide { grid-column:1/-1; }
.card p { margin:10px 0 0; color:var(--soft); font-size:13px; }
.legend { display:flex; flex-wrap:wrap; gap:4px 18px; font-size:13px; color:var(--soft);
  margin-bottom:6px; }
.swatch { display:inline-block; width:14px; height:3px; border-radius:2px; margin-right:7px;
  vertical-align:middle; }
svg { width:100%; height:auto; display:block; }
svg text { fill:var(--soft); font-size:11.5px; font-variant-numeric:tabular-nums; }
.grid { stroke:var(--line); stroke-width:1; }
.line { fill:none; stroke-width:1.8; stroke-linejoin:round; }
.hover rect { fill:transparent; } .hover:hover rect { fill:var(--ink); fill-opacity:.07; }
.s0 { stroke:var(--s0); } .s1 { stroke:var(--s1); } .s2 { stroke:var(--s2); }
.s3 { stroke:var(--s3); } .s4 { stroke:var(--s4); } .s5 { stroke:var(--s5); }
i.s0 { background:var(--s0); } i.s1 { background:var(--s1); } i.s2 { background:var(--s2); }
i.s3 { background:var(--s3); } i.s4 { background:var(--s4); } i.s5 { background:var(--s5); }
table { border-collapse:collapse; width:100%; font-size:13.5px;
  font-variant-numeric:tabular-nums; }
th { text-align:left; color:var(--soft); font-weight:550; }
th,td { padding:6px 10px 6px 0; border-bottom:1px solid var(--line); vertical-align:top; }
tr:last-child td { border-bottom:0; }
.n { text-align:right; white-space:nowrap; }
.good { color:var(--pass); } .bad { color:var(--fail); font-weight:600; }
.fold { overflow-wrap:anywhere; }
pre { background:var(--track); border-radius:8px; padding:12px 14px; overflow-x:auto;
  margin:8px 0 0;
  font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace; white-space:pre-wrap;
  overflow-wrap:anywhere; }
details { margin-top:10px; } summary { cursor:pointer; }
footer { color:var(--soft); font-size:13px; margin-top:26px; }
"""
