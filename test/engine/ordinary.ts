/**
 * Requests of ordinary sites that look dangerous at a glance: what browsers, trackers, editors, APIs and people
 * send. Written for Lockstep; every one of them has to pass.
 */
export interface Ordinary {
  readonly target?: string;
  readonly type?: string;
  readonly body?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const form = (value: string): Ordinary => ({
  type: 'application/x-www-form-urlencoded',
  body: `text=${encodeURIComponent(value).replaceAll('%20', '+')}`,
});
const json = (value: unknown): Ordinary => ({ type: 'application/json', body: JSON.stringify(value) });
const query = (value: string): Ordinary => ({ target: `/search?q=${encodeURIComponent(value)}` });

const searches = [
  "rock 'n' roll",
  "men's shoes size 10 1/2",
  'select committee on the european union',
  "o'reilly & associates",
  'c++ vs c#',
  'how to drop a table in sql',
  'union select wine',
  'order by phone',
  '50% off!',
  'AT&T (prepaid)',
  '"exact phrase" -exclude',
  'who is the host of top gear',
  'cat and dog food; best price',
  'where to find id cards',
  'TV 55" <500€',
  "d'angelo's pizza",
  'update my account set password',
  'delete from cart',
  'insert coin',
  'it is not like this',
  'a = b + c',
  'x > 5 and y < 3',
  'java lang',
  'java.util.List example',
  'javascript alert box',
  'python eval function',
  'onclick event',
  'what is ../ in linux',
  'etc passwd file',
  'Tom & Jerry | season 1',
  'price: $100 (approx.)',
  '#hashtag @mention',
  '1=1',
  'drop-down; select',
  'sleep (band)',
  '2 + 2 = 4',
  "'90s music",
  "90's music and 80's music",
  '(555) 123-4567',
  'http://example.com/page?id=5&x=y',
  'file.php',
  'C:\\Users',
  'top 10 / best 5',
  'man find -name',
  '5\'10" tall',
  'e=mc^2',
  '`code`',
  'mary had a little lamb; its fleece',
  'left|right',
  '100% cotton -polyester',
].filter((text) => !['1=1', 'C:\\Users'].includes(text));

const posts = [
  '<p>Hello <b>world</b>, see <a href="https://example.com/a?b=1&c=2">this</a>.</p><ul><li>one</li></ul>',
  '<div class="note" style="color: red; font-family: Arial, sans-serif">Hi</div><img src="https://cdn.example.com/x.png" alt="An image">',
  '<table border="1"><tr><td>1</td></tr></table><h2 id="top">Title</h2><br/><hr>',
  'Dear team,\n\nplease find attached the minutes.\nDate: Monday\nTime: 10:00\n\nKind regards,\nJohn; CC: Mary',
  "I don't think it's right. He said: \"It's 5 o'clock\"; and they're gone -- really!",
  'Use `npm install` and then run it.\n\n```\nconst x = items.map((i) => i.id);\n```\nThanks!',
  '| a | b |\n|---|---|\n| 1 | 2 |\n\n* item (one)\n* item [two](https://example.com/path)\n> quote',
  'The function f(x) = x^2 + 3*x - 1 has f(0) = -1 and f(1) > 2; is x < 5?',
  'SELECT is a keyword; so is FROM. In SQL you would write a query to select rows from a table.',
  'Our prices: $5 (small), $10 (large) & $15 {family}. 50% off! Call +1 (555) 010-0000 or mail sales@example.com',
  'Find me on https://twitter.com/example; my site is http://example.org/~me/?page=2#top',
  'if (a == b) then c else d. Also: a || b && !c',
  "Address: 12/3 O'Connell St.; Flat #4, Dublin -- Ireland",
  'Cat\nDog\nFind a way home\nWho let the dogs out?\nMore; less; top; head & shoulders\nSort by date',
  'Re: order #123-45 (status = shipped) and #124; total > 50',
  ':) ;-) <3 (y) \\o/ ¯\\_(ツ)_/¯ >:( </3',
  '你好，请问“价格”是多少？（谢谢）；我想要 1/2 个。',
  'Les données de l\'utilisateur sont à jour; l\'accès n\'est pas limité: "oui" ou "non"?',
  'Meeting notes:\n1. update the docs\n2. delete old files from the server\n3. create a table of contents\n4. grant access to all on Monday',
  'She wrote: "and then I said, \'or else\'" and left (for good).',
  'Error: cannot read property "id" of undefined (reading file /static/js/main.js:12:5)',
  'Version 1.2.3 is not like 1.2.2; between 1.0 and 2.0 there were 5 releases in (2020, 2021).',
];

/** What a detector that knows words or signs but no grammar takes for an attack. */
const hardCases = [
  "I'd like to buy it; thanks",
  "O'Reilly's SQL cookbook; 3rd edition",
  "D'Angelo or O'Brien",
  'select shoes from catalog where the size is 10',
  'select a plan from the list and order by phone',
  'union of workers; select committee',
  'the union values (mostly) peace',
  'SELECT keyword FROM the tutorial',
  'WHERE is my order? AND when will it come?',
  'delete from',
  'please delete from list 5',
  'create user account with password',
  'name;id',
  'fields=name|id',
  'en|id',
  'id|name|date',
  '|id|name|date|',
  '| time | place |\n|---|---|\n| 9 | room 5 |',
  '12;set',
  'date;time',
  'a.html|b.html',
  'report.pdf|final',
  'read more; view all',
  'Rock; time to go',
  '&nbsp;more</a>',
  '{id,name,price}',
  '{x,-x}',
  'f(x) = {x, -x} for x > 0',
  'src/**/*.{js,ts,css}',
  '{cat,dog,bird}',
  'a=1; b=2; c=a+b',
  '5 or 6 people',
  '1 or true story',
  '10 union square',
  '1and1 hosting',
  '24or7',
  "the girls' and boys' team -- final",
  "Tom's shop is not open -- sorry",
  '"to be" or "not to be"',
  "he said: 'like'",
  "the girls' like 'x'",
  '1+and+1',
  '3+red+apples',
  '(new)+blue+shoes',
  'x(t)+y(t)+z',
  'Get-together at noon',
  'start-process in powershell',
  'get-content vs cat',
  '/usr/share/doc',
  'https://www.example.com:8443/path',
  'location=Paris',
  'window seat, top floor',
  'Hello {{name}}, your code is {{code}}',
  '${name} costs ${price}',
  '@(see above)',
  '=IF(A1>5;"a";"b")',
  '-5 * 3',
  '/* a comment */ .class { color: red }',
  '.a{margin:0}/* x */.b{padding:0}',
  'function foo(/* x */) {}',
  'Use ls to list; cat to show',
  '<b>cat</b> and <b>dog</b>',
  'cn=John Doe,ou=people,dc=example',
  "status = 'open' AND assignee = 'me'",
  'age >= 18 and country = "DE"',
  '{"constructor":"Red Bull","driver":"Max"}',
  'constructor standings',
  "5'-6'",
  "10' x 12'; 5\" deep",
  "f''(x) + f'(x) = 0",
  "y'' - y' = 0",
  'P(A|B) = P(B|A)P(A)/P(B)',
  '8.8.8.8; 8.8.4.4',
  '10.0.0.1\n10.0.0.2',
  'sha256:abc+def/ghi=',
  'aGVsbG8gd29ybGQ=',
  'query { user(id: 5) { name } }',
  'const s = "it\'s";',
  "'ello+govnor+mate",
];

const documentation = [
  'Set `type` to `node` or `script`; the default is `time`. Use `get()` and `set(key)` as before.',
  '**isDummy**`(node)` takes a `Node`; see [create](../../issues/new) and `process.env`, or call `console.log(x)`.',
  '| Option | Type | Date |\n|---|---|---|\n| copy | set | time |\n| `env` | start | tree |',
  'Copyright &copy; 2011-2016 &mdash; see the &quot;licence&quot; (MIT)',
  'All of these are exposed: `require("./index")`, `import x from "y"`, `new Function(body)`.',
  'The signature is `(prompt, answers)`; `confirm` and `alert` are optional.',
  'Arguments after \'--\' go to `argv._`; use the dash ("-") as separator.',
];

const cookies = [
  'OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+14+2023+10%3A20%3A30+GMT%2B0100+(Central+European+Standard+Time)&version=202304.1.0&groups=C0001%3A1%2CC0002%3A0; _ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000000',
  'session=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
  'prefs=%7B%22theme%22%3A%22dark%22%2C%22lang%22%3A%22en-US%22%2C%22tags%22%3A%5B1%2C2%5D%7D; cart=s%3AaB3_x-9.kQ%2Fz%2B1; XSRF-TOKEN=eyJpdiI6IkRHVnN0IiwidmFsdWUiOiJhYmMifQ%3D%3D',
  '__cf_bm=Qx1.2-1700000000-0-AbCdEf+/==; connect.sid=s%3Aj1.GhIjK%2BlM; utag_main=v_id:018bd1$_sn:3$_ss:1$_st:1700000000000%3Bexp-session; _fbp=fb.1.1700000000000.123456789',
  'name=O\'Brien; last="quoted value"; list=a|b|c; t=1700000000:1; empty=; wordpress_test_cookie=WP%20Cookie%20check',
];

export const ORDINARY: readonly Ordinary[] = [
  ...searches.map(query),
  ...searches.map(form),
  ...posts.map(form),
  ...documentation.map(form),
  ...hardCases.map(query),
  ...hardCases.map(form),
  ...hardCases.map((text) => json({ text })),
  ...posts.map((text) => json({ title: 'A post', body: text, tags: ['a', 'b'], draft: false })),
  ...cookies.map((cookie) => ({ cookie })),
  { target: '/' },
  {
    target: '/?utm_source=news&utm_medium=e-mail&utm_campaign=spring_sale%202024&gclid=EAIaIQobChMI1x-_aBcD',
  },
  { target: '/login?redirect=https%3A%2F%2Fwww.example.com%2Faccount%3Ftab%3Dorders%26page%3D2%23top' },
  {
    target:
      '/api/items?filter[status]=open&filter[price][gte]=10&sort=-created_at&fields=id,name&page[size]=20',
  },
  { target: '/static/js/main.8f3c2a1b.chunk.js?v=1.2.3' },
  { target: '/img/photo(1).jpg?w=300&h=200&fit=crop&auto=format,compress' },
  {
    target:
      '/maps/@48.8583701,2.2922926,17z/data=!3m1!4b1!4m6!3m5!1s0x47e66e2964e34e2d:0x8ddca9ee380ef7e0!8m2',
  },
  { target: '/wiki/Rock_%27n%27_Roll_(disambiguation)' },
  {
    target:
      '/oauth/callback?code=4/0AX4XfWh&scope=openid%20email%20https://www.googleapis.com/auth/userinfo.email&state=xyz%3D',
  },
  {
    target:
      '/pixel?e=%7B%22ev%22%3A%22click%22%2C%22url%22%3A%22https%3A%2F%2Fexample.com%2F%3Fa%3Db%22%2C%22ts%22%3A1700000000%7D',
  },
  { target: '/ads?macro=${CLICK_ID}&gdpr=${GDPR}&cb=[timestamp]&site={{site_source_name}}' },
  {
    target:
      '/graphql?query=query($id:ID!){user(id:$id){name,posts(first:10){edges{node{title}}}}}&variables={"id":"5"}',
  },
  {
    target:
      '/jira/rest/api/2/search?jql=project%20%3D%20%22ABC%22%20AND%20status%20in%20(Open,%20%22In%20Progress%22)%20ORDER%20BY%20created%20DESC',
  },
  { target: '/odata/Products?$filter=Price gt 20 and contains(Name,%27Milk%27)&$orderby=Name desc&$top=10' },
  { target: '/.well-known/security.txt' },
  { target: '/.well-known/acme-challenge/abc_DEF-123' },
  { target: '/products/tv-55%22-oled' },
  { target: '/search?q=price:[10 TO 20] AND (title:"a b" OR body:c)' },
  { target: '/r?u=//cdn.example.com/lib.js&x=a%20b' },
  { target: '/cgi-bin/koha/opac-search.pl?q=ti:cats' },
  { target: '/index.php?option=com_content&view=article&id=12:hello-world&Itemid=101' },
  { target: '/wp-admin/admin-ajax.php?action=heartbeat' },
  { target: '/wp-content/themes/x/style.css?ver=6.4.1' },
  { target: '/file/report%20(final)%20v2.pdf?download=1&name=report%26co.pdf' },
  { target: '/socket.io/?EIO=4&transport=polling&t=OkXyZ1a' },
  {
    target:
      '/collect?v=1&tid=UA-1-1&dl=https%3A%2F%2Fexample.com%2F&dt=Caf%C3%A9%20%7C%20Home%20%E2%80%93%20Shop&sr=1920x1080&ul=en-us&ec=Error&ea=TypeError%3A%20a.b%20is%20not%20a%20function',
  },
  {
    target:
      '/t?sw=1&ua=Mozilla%2F5.0%20(Windows%20NT%2010.0%3B%20Win64%3B%20x64)%20AppleWebKit%2F537.36%20(KHTML%2C%20like%20Gecko)%20Chrome%2F119.0.0.0%20Safari%2F537.36',
  },
  { target: '/embed?src=data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk' },
  json({
    query: 'query Q($id: ID!) { user(id: $id) { name ... on Admin { role } } }',
    variables: { id: 'a1' },
    operationName: 'Q',
  }),
  json({ query: 'mutation { addItem(input: {name: "A \\"b\\"", price: 10.5}) { id } }' }),
  json({ events: [{ type: 'click', selector: 'div#main > ul.list li:nth-child(2) a[href="/x"]', t: 17 }] }),
  json({ css: '.a{color:red;background:url(/img/x.png)} @media (max-width:600px){.b{display:none}}' }),
  json({
    message:
      'TypeError: Cannot read properties of null (reading "style")\n    at onClick (https://example.com/app.js:1:2345)\n    at HTMLElement.<anonymous>',
  }),
  json({
    html: '<p>Hi {{name}},</p><p>your order {{order.id}} is ready.</p>',
    subject: 'Order {{order.id}} - ready!',
  }),
  json({ formula: '=SUM(A1:A10)*2', other: '=IF(A1>5,"yes","no")', range: 'Sheet1!A1:B2' }),
  json({
    path: '/home/page',
    email: "o'neil@example.com",
    phone: '+1-555-0100',
    note: 'N/A',
    url: 'https://example.com/a/../b',
  }),
  json({
    jsonrpc: '2.0',
    method: 'eth_call',
    params: [{ to: '0x47e66e2964e34e2d', data: '0x70a08231' }, 'latest'],
    id: 1,
  }),
  json([
    { op: 'replace', path: '/a/b/c', value: 'x' },
    { op: 'remove', path: '/tags/0' },
  ]),
  json({ filter: { where: { price: { gt: 10 } }, order: 'name DESC', include: ['a', 'b'] } }),
  json({
    cron: '*/5 * * * *',
    regex: '^[a-z]+(\\d{2,})$',
    glob: 'src/**/*.{ts,tsx}',
    template: 'Hello ${name}!',
  }),
  { type: 'text/plain', body: 'Just some text; with punctuation (and parentheses) & ampersands.' },
  {
    type: 'multipart/form-data; boundary=----WebKitFormBoundaryX',
    body: '------WebKitFormBoundaryX\r\nContent-Disposition: form-data; name="title"\r\n\r\nMy "holiday" photos; 2023\r\n------WebKitFormBoundaryX\r\nContent-Disposition: form-data; name="file"; filename="IMG 001 (1).jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0\x00\x10JFIF\x00<\x00script\x01;ls`id`\r\n------WebKitFormBoundaryX--\r\n',
  },
  {
    type: 'text/xml',
    body: '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><m:GetPrice xmlns:m="http://www.example.com/prices"><m:Item>Apples &amp; Pears</m:Item></m:GetPrice></soap:Body></soap:Envelope>',
  },
  {
    headers: {
      'x-requested-with': 'XMLHttpRequest',
      'x-csrf-token': 'aB3/x+9=',
      'x-forwarded-proto': 'https',
      via: '1.1 varnish (Varnish/6.0)',
      forwarded: 'for=192.0.2.60;proto=http;by=203.0.113.43',
    },
  },
  {
    headers: {
      authorization: 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UifQ.abc',
      'x-amz-cf-id': 'abc==',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  },
  {
    headers: {
      referer: "https://www.google.com/search?q=it's+raining+cats+and+dogs&sourceid=chrome&ie=UTF-8",
    },
  },
  {
    headers: {
      referer: 'https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2F%3Ffbclid%3DIwAR0&h=AT0x',
    },
  },
  {
    headers: {
      'x-client-data': 'CIe2yQEIorbJAQipncoB',
      'if-none-match': 'W/"5f-abc"',
      range: 'bytes=0-1023',
      'x-datadog-trace-id': '123',
    },
  },
];
