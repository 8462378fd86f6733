-- SPDX-License-Identifier: GPL-3.0-or-later
.mode column
.headers on
PRAGMA foreign_keys = ON;
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, age INT CHECK (age > 0), note BLOB);
CREATE TABLE pet(id INTEGER PRIMARY KEY AUTOINCREMENT, owner INT REFERENCES person(id) ON DELETE CASCADE, kind TEXT DEFAULT 'cat' COLLATE NOCASE);
CREATE INDEX pet_owner ON pet(owner, kind) WHERE kind <> 'fish';
CREATE TABLE log(what TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP) STRICT;
CREATE TRIGGER person_ai AFTER INSERT ON person WHEN new.age > 30 BEGIN INSERT INTO log(what) VALUES ('old ' || new.name); SELECT CASE WHEN new.age > 900 THEN RAISE(ABORT, 'too old') END; END;
CREATE VIEW owners AS SELECT p.name, count(q.id) AS n FROM person p LEFT JOIN pet q ON q.owner = p.id GROUP BY p.id HAVING n >= 0 ORDER BY n DESC;
WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < 300) INSERT INTO person SELECT i, printf('name %04d', i), i % 60 + 1, randomblob(i % 50) FROM c;
INSERT INTO pet(owner, kind) SELECT id, CASE id % 3 WHEN 0 THEN 'dog' WHEN 1 THEN 'cat' ELSE 'fish' END FROM person WHERE id % 2;
SELECT * FROM owners LIMIT 3;
SELECT kind, sum(age), avg(age), group_concat(name, ';') FROM person JOIN pet ON owner = person.id GROUP BY kind;
SELECT name, row_number() OVER w, lag(age, 1, 0) OVER w, sum(age) OVER (PARTITION BY age % 5 ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM person WINDOW w AS (ORDER BY age, id) LIMIT 5;
SELECT upper(name), substr(name, 2, 3), replace(name, 'n', 'm'), instr(name, '0'), hex(note), typeof(age), abs(-age), coalesce(NULL, age), quote(note), length(note), round(age / 7.0, 2), date('2020-01-01', '+1 month'), strftime('%s', 'now') > 0, json_object('a', age, 'b', json_array(1, 2)), json_extract('{"x":[1,{"y":2}]}', '$.x[1].y') FROM person WHERE name LIKE '%1_' AND age BETWEEN 5 AND 50 OR name GLOB '*99' AND id IN (SELECT owner FROM pet WHERE kind = 'DOG') LIMIT 4;
EXPLAIN QUERY PLAN SELECT * FROM person a, pet b WHERE a.id = b.owner AND b.kind = 'cat' ORDER BY a.name;
BEGIN; UPDATE person SET age = age + 1, note = NULL WHERE id % 7 = 0; SAVEPOINT s; DELETE FROM person WHERE id < 20; ROLLBACK TO s; RELEASE s; COMMIT;
INSERT INTO person(id, name, age) VALUES (1, 'name 0001', 3) ON CONFLICT(name) DO UPDATE SET age = excluded.age RETURNING id, age;
INSERT OR REPLACE INTO person VALUES (2, 'two', 2, x'00ff');
SELECT DISTINCT age FROM person UNION SELECT 1000 EXCEPT SELECT 3 INTERSECT SELECT age FROM person ORDER BY 1 LIMIT 5 OFFSET 2;
SELECT * FROM (SELECT a.id x, b.id y FROM person a CROSS JOIN person b WHERE a.id < 10 AND b.id < 10) WHERE EXISTS (SELECT 1 FROM pet WHERE owner = x AND y > ANY_VALUE) LIMIT 2;
ALTER TABLE person ADD COLUMN extra REAL DEFAULT 1.5; ALTER TABLE person RENAME COLUMN extra TO more; ALTER TABLE log RENAME TO logbook;
CREATE VIRTUAL TABLE doc USING fts5(title, body); INSERT INTO doc VALUES ('one', 'the quick brown fox'), ('two', 'the lazy dog jumps'); SELECT highlight(doc, 1, '[', ']'), rank FROM doc WHERE doc MATCH 'quick OR la*' ORDER BY rank;
CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, y0, y1); INSERT INTO box VALUES (1, 0, 10, 0, 10), (2, 5, 15, 5, 15); SELECT id FROM box WHERE x0 < 6 AND y1 > 9;
ANALYZE; REINDEX; VACUUM; PRAGMA integrity_check; PRAGMA table_info(person); PRAGMA index_list(pet);
ATTACH ':memory:' AS side; CREATE TABLE side.t AS SELECT * FROM person; SELECT count(*) FROM side.t; DETACH side;
.mode csv
SELECT id, name FROM person LIMIT 2;
.mode json
SELECT id, name FROM person LIMIT 2;
.mode insert
SELECT id, name FROM person LIMIT 2;
.schema
.tables
.dump pet
SELECT syntax error here;
SELECT * FROM missing;
INSERT INTO person(name, age) VALUES ('x', -1);
DROP VIEW owners; DROP TABLE pet; PRAGMA user_version = 5;
.stats on
SELECT max(id), min(name), total(age), count(DISTINCT age) FILTER (WHERE id > 5) FROM person;
.quit
