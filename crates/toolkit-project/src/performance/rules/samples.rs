//! Pieces of source that are slow, with what is wrong and the line, and their likes that only look so.

use crate::performance::language::Language::{self, Go, Java, JavaScript, Python, Rust};

/// What is slow: the language, the finding, the source.
pub(super) const SLOW: &[(Language, &str, &str)] = &[
    (
        Python,
        "query_in_loop:3",
        "def f(db, ids):\n    for one in ids:\n        db.execute('SELECT 1 WHERE id = ?', (one,))\n",
    ),
    (Python, "query_in_loop:2", "for one in ids:\n    user = User.objects.get(pk=one)\n"),
    (
        JavaScript,
        "query_in_loop:3",
        "async function f(ids) {\n  for (let i = 0; i < ids.length; i++) {\n    out.push(await User.findById(ids[i]))\n  }\n}\n",
    ),
    (JavaScript, "query_in_loop:2", "orders.forEach((order) => {\n  db.query('SELECT 1', [order.id])\n})\n"),
    (
        Rust,
        "query_in_loop:3",
        "fn f() {\n    for id in ids {\n        let row = statement.query_row([id], |row| row.get(0));\n    }\n}\n",
    ),
    (
        Go,
        "query_in_loop:3",
        "func f() {\n\tfor _, id := range ids {\n\t\trow := s.db.QueryRow(`SELECT 1`, id)\n\t}\n}\n",
    ),
    (
        Java,
        "query_in_loop:3",
        "void f() {\n  for (Long id : ids) {\n    users.add(userRepository.findById(id).get());\n  }\n}\n",
    ),
    (Python, "connection_in_loop:2", "for url in urls:\n    answer = requests.get(url)\n"),
    (JavaScript, "connection_in_loop:2", "for (const one of all) {\n  const db = new PrismaClient()\n}\n"),
    (
        Rust,
        "connection_in_loop:3",
        "fn f() {\n    for url in urls {\n        let client = reqwest::Client::new();\n    }\n}\n",
    ),
    (Go, "connection_in_loop:3", "func f() {\n\tfor _, u := range urls {\n\t\tc := &http.Client{}\n\t}\n}\n"),
    (
        Java,
        "connection_in_loop:3",
        "void f() {\n  for (String u : urls) {\n    Connection c = DriverManager.getConnection(u);\n  }\n}\n",
    ),
    (Python, "string_building:4", "def f(rows):\n    text = ''\n    for row in rows:\n        text += row.name\n"),
    (
        Java,
        "string_building:4",
        "String f() {\n  String text = \"\";\n  for (Row row : rows) {\n    text += row.name();\n  }\n}\n",
    ),
    (
        Go,
        "string_building:4",
        "func f() {\n\tvar text string\n\tfor _, row := range rows {\n\t\ttext += row.Name\n\t}\n}\n",
    ),
    (
        Rust,
        "string_building:4",
        "fn f() {\n    let mut text = String::new();\n    for row in rows {\n        text = format!(\"{}{}\", text, row);\n    }\n}\n",
    ),
    (
        Python,
        "linear_search_in_loop:4",
        "def f(rows):\n    seen = []\n    for row in rows:\n        if row.id not in seen:\n            seen.append(row.id)\n",
    ),
    (
        JavaScript,
        "linear_search_in_loop:3",
        "const seen = []\nfor (const row of rows) {\n  if (!seen.includes(row.id)) { seen.push(row.id) }\n}\n",
    ),
    (
        Rust,
        "linear_search_in_loop:4",
        "fn f() {\n    let mut seen = Vec::new();\n    for row in rows {\n        if !seen.contains(&row.id) { seen.push(row.id); }\n    }\n}\n",
    ),
    (
        Java,
        "linear_search_in_loop:4",
        "void f() {\n  List<Long> seen = new ArrayList<>();\n  for (Row row : rows) {\n    if (!seen.contains(row.id())) { seen.add(row.id()); }\n  }\n}\n",
    ),
    (JavaScript, "copy_in_loop:3", "let all = []\nfor (const row of rows) {\n  all = [...all, row.id]\n}\n"),
    (JavaScript, "copy_in_loop:1", "const byId = rows.reduce((acc, row) => ({ ...acc, [row.id]: row }), {})\n"),
    (Python, "copy_in_loop:3", "df = pd.DataFrame()\nfor path in paths:\n    df = pd.concat([df, load(path)])\n"),
    (Python, "regex_in_loop:2", "for line in lines:\n    word = re.compile(r'\\w+')\n"),
    (JavaScript, "regex_in_loop:2", "for (const line of lines) {\n  const word = new RegExp('\\\\w+', 'g')\n}\n"),
    (
        Rust,
        "regex_in_loop:3",
        "fn f() {\n    for line in lines {\n        let word = Regex::new(r\"\\w+\")?;\n    }\n}\n",
    ),
    (
        Go,
        "regex_in_loop:3",
        "func f() {\n\tfor _, line := range lines {\n\t\tword := regexp.MustCompile(`\\w+`)\n\t}\n}\n",
    ),
    (
        Java,
        "regex_in_loop:3",
        "void f() {\n  for (String line : lines) {\n    if (line.matches(\"\\\\w+\")) { count++; }\n  }\n}\n",
    ),
    (Python, "read_in_loop:2", "for user in users:\n    template = open('mail.txt').read()\n"),
    (
        JavaScript,
        "read_in_loop:2",
        "users.map((user) => {\n  return fill(fs.readFileSync('mail.txt', 'utf8'), user)\n})\n",
    ),
    (
        Rust,
        "read_in_loop:3",
        "fn f() {\n    for user in users {\n        let template = fs::read_to_string(\"mail.txt\")?;\n    }\n}\n",
    ),
    (Go, "read_in_loop:3", "func f() {\n\tfor _, user := range users {\n\t\ttext, err := os.ReadFile(path)\n\t}\n}\n"),
    (
        Java,
        "read_in_loop:3",
        "void f() {\n  for (User user : users) {\n    String text = Files.readString(Path.of(\"mail.txt\"));\n  }\n}\n",
    ),
    (Python, "sort_in_loop:3", "for one in new:\n    scores.append(one)\n    scores.sort()\n"),
    (JavaScript, "sort_in_loop:3", "for (const one of all) {\n  scores.push(one)\n  scores.sort((a, b) => a - b)\n}\n"),
    (
        Rust,
        "sort_in_loop:4",
        "fn f() {\n    for one in all {\n        scores.push(one);\n        scores.sort();\n    }\n}\n",
    ),
    (
        Go,
        "sort_in_loop:4",
        "func f() {\n\tfor _, one := range all {\n\t\tscores = append(scores, one)\n\t\tsort.Ints(heap)\n\t}\n}\n",
    ),
    (Java, "sort_in_loop:3", "void f() {\n  for (int one : all) {\n    Collections.sort(scores);\n  }\n}\n"),
    (Python, "deep_copy_in_loop:2", "for one in all:\n    state = copy.deepcopy(DEFAULTS)\n"),
    (
        JavaScript,
        "deep_copy_in_loop:2",
        "for (const one of all) {\n  const state = JSON.parse(JSON.stringify(defaults))\n}\n",
    ),
    (Go, "defer_in_loop:3", "func f() {\n\tfor _, path := range paths {\n\t\tdefer file.Close()\n\t}\n}\n"),
    (Python, "row_by_row:1", "for _, row in frame.iterrows():\n    total += row['price']\n"),
    (Python, "await_in_loop:3", "async def f(urls):\n    for url in urls:\n        pages.append(await fetch(url))\n"),
    (
        JavaScript,
        "await_in_loop:3",
        "async function f(urls) {\n  for (const url of urls) {\n    pages.push(await load(url))\n  }\n}\n",
    ),
    (
        Rust,
        "await_in_loop:3",
        "async fn f() {\n    for url in urls {\n        pages.push(load(url).await?);\n    }\n}\n",
    ),
    (Python, "blocking_in_async:2", "async def f():\n    time.sleep(1)\n"),
    (
        JavaScript,
        "blocking_in_async:2",
        "app.get('/', async (request, response) => {\n  const page = fs.readFileSync(path)\n})\n",
    ),
    (Rust, "blocking_in_async:2", "pub async fn f() {\n    thread::sleep(Duration::from_secs(1));\n}\n"),
];

/// What only looks slow.
pub(super) const FINE: &[(Language, &str)] = &[
    (Python, "rows = db.execute('SELECT 1')\nfor row in rows:\n    print(row)\n"),
    (Python, "for one in ids:\n    # db.execute('SELECT 1')\n    text = 'db.execute(1)'\n"),
    (Python, "while True:\n    job = db.execute('SELECT 1 FROM jobs')\n"),
    (Python, "for one in ids:\n    def later():\n        return db.execute('SELECT 1')\n    add(later)\n"),
    (Python, "count = 0\nfor one in ids:\n    count += 1\n"),
    (Python, "text = ''\nfor one in ids:\n    text = ''\n    text += one\n"),
    (Python, "allowed = {'a', 'b'}\nfor one in ids:\n    if one in allowed:\n        pass\n"),
    (Python, "for path in paths:\n    text = open(path).read()\n"),
    (Python, "for path in paths:\n    open('log.txt', 'a').write(path)\n"),
    (Python, "for name in names:\n    pattern = re.compile(name)\n    other = re.compile(f'{name}$')\n"),
    (Python, "for group in groups:\n    group.sort()\n    mine = load(group)\n    mine.sort()\n"),
    (
        Python,
        "async def f(urls):\n    for url in urls:\n        page = await fetch(url)\n        if page:\n            return page\n",
    ),
    (Python, "async def f():\n    for attempt in range(3):\n        await connect(attempt)\n"),
    (
        Python,
        "async def f():\n    await asyncio.to_thread(time.sleep, 1)\n    async for row in rows:\n        await keep(row)\n",
    ),
    (Python, "def f():\n    time.sleep(1)\n"),
    (JavaScript, "const pages = await Promise.all(urls.map(async (url) => {\n  return await load(url)\n}))\n"),
    (JavaScript, "async function f() {\n  for (const url of urls) {\n    await sleep(100)\n  }\n}\n"),
    (JavaScript, "const names = ['a', 'b']\nfor (const x of xs) { if (names.includes(x.name)) { go(x) } }\n"),
    (JavaScript, "for (const name of names) { const word = new RegExp(`^${name}`) }\n"),
    (JavaScript, "const all = { ...defaults, ...options }\nconst sum = xs.reduce((acc, x) => acc + x, 0)\n"),
    (JavaScript, "const config = fs.readFileSync('config.json')\n"),
    (JavaScript, "let text = ''\nfor (const x of xs) { text += x }\n"),
    (
        Rust,
        "fn f() {\n    for line in lines {\n        let own = Regex::new(&line)?;\n        let text = format!(\"{}\", line);\n    }\n}\n",
    ),
    (
        Rust,
        "async fn f() {\n    let page = task::spawn_blocking(move || { std::fs::read(path) }).await;\n    while let Some(x) = rx.recv().await {}\n}\n",
    ),
    (Rust, "async fn f() {\n    for x in xs {\n        tx.send(x).await?;\n    }\n}\n"),
    (
        Rust,
        "async fn f() {\n    for answer in asked {\n        all.push(answer.await);\n    }\n    for x in [1, 2] {\n        go(x).await;\n    }\n}\n",
    ),
    (Rust, "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    async fn g() { std::fs::write(a, b); }\n}\n"),
    (Python, "for one in all:\n    archive = tarfile.open(path)\n"),
    (Rust, "impl Iterator for Lines {\n    fn next(&mut self) { let all = Regex::new(\"a\"); }\n}\n"),
    (
        Rust,
        "fn f() {\n    let mut text = String::new();\n    for x in xs { text.push_str(x); let line = format!(\"{}\", text); }\n}\n",
    ),
    (
        Go,
        "func f() {\n\tfile := open()\n\tdefer file.Close()\n\tfor _, x := range xs {\n\t\tfunc() {\n\t\t\tdefer x.Close()\n\t\t}()\n\t}\n}\n",
    ),
    (Go, "func f() {\n\ttotal := 0\n\tfor _, x := range xs {\n\t\ttotal += x\n\t}\n}\n"),
    (
        Java,
        "void f() {\n  int total = 0;\n  for (int x : xs) {\n    total += x;\n    Set<Long> seen = new HashSet<>();\n    seen.contains(x);\n  }\n}\n",
    ),
];
