import { dark, declarations, light } from '../charts/theme.ts'

/** The page's own style: one column on a phone, black on white on paper. */
export const STYLE = `
:root{${declarations(light)};color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{${declarations(dark)}}}
@media print{:root{${declarations(light)};color-scheme:light}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1000px;margin:0 auto;padding:20px 20px 60px;overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.25;margin:12px 0 6px}
h2{font-size:20px;line-height:1.3;margin:0 0 8px}
h3{font-size:16px;margin:20px 0 4px}
h4{font-size:15px;margin:16px 0 2px;color:var(--soft);text-transform:capitalize}
p{margin:4px 0 10px;max-width:72ch}
section{border-top:1px solid var(--line);margin-top:28px;padding-top:22px}
.what,.note,header p{color:var(--soft)}
.what b{color:var(--ink)}
.note{font-size:14px}
ol,ul{padding-left:22px;margin:6px 0}
li{margin:4px 0;max-width:76ch}
.fixes{list-style:none;padding:0;counter-reset:fix;display:grid;gap:12px}
.fixes li{counter-increment:fix;background:var(--panel);border-left:5px solid var(--raised);border-radius:6px;padding:12px 16px;max-width:none}
.fixes h3{margin:0 0 2px}
.fixes h3::before{content:counter(fix) ". "}
.fixes p{margin:2px 0}
.steps{list-style:none;padding:0}
.steps h3{margin:12px 0 0}
.figure{margin:10px 0;width:100%}
.figure svg{display:block;width:100%;height:auto}
.narrow{display:none}
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:14px 0}
.key div{background:var(--panel);border-radius:6px;padding:10px 14px}
.key dt{font-size:14px;color:var(--soft)}
.key dd{margin:0}
.key b{display:block;font-size:24px;line-height:1.3}
.key span{font-size:14px;color:var(--soft)}
.columns,.pair{display:grid;grid-template-columns:1fr 1fr;gap:8px 32px;align-items:start}
table{border-collapse:collapse;font-size:15px}
th,td{text-align:left;padding:3px 14px 3px 0;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600}
.n{text-align:right;white-space:nowrap}
td.name{overflow-wrap:anywhere;min-width:10ch}
.scroll{overflow-x:auto}
details{margin:6px 0}
summary{cursor:pointer;color:var(--soft);padding:6px 0}
.definitions dt{font-weight:600;margin-top:12px}
.definitions dd{margin:0;max-width:76ch;color:var(--soft)}
@media (max-width:700px){
main{padding:12px 16px 40px}
.wide{display:none}.narrow{display:block}
.columns,.pair{grid-template-columns:minmax(0,1fr)}
}
@media print{
body{font-size:11pt}
main{max-width:none;padding:0}
.fixes li,.key div{border:1px solid var(--line)}
.fixes li{border-left:5px solid var(--raised)}
.figure,.key,.fixes li,.pair,table{break-inside:avoid}
h2,h3,h4{break-after:avoid}
.wide{display:block}.narrow{display:none}
details::details-content{content-visibility:visible;block-size:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`
