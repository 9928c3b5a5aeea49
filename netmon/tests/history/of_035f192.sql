PRAGMA auto_vacuum=INCREMENTAL;
PRAGMA application_id=1852665710;
PRAGMA user_version=2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    server TEXT NOT NULL,
    opened INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    closed INTEGER,
    incident TEXT NOT NULL,
    memory TEXT NOT NULL
) STRICT;
INSERT INTO incidents VALUES('2026-11-30T19:36:39.514644Z-unreachable-203.0.113.3-53-udp','203.0.113.3',1796067399514644,1796067399550882,1796067410145849,'{"id":"2026-11-30T19:36:39.514644Z-unreachable-203.0.113.3-53-udp","server":"203.0.113.3","port":53,"transport":"udp","kind":"unreachable","state":"closed","severity":"degraded","began":"2026-11-30T19:36:39.514575Z","opened":"2026-11-30T19:36:39.514644Z","last_seen":"2026-11-30T19:36:39.550882Z","closed":"2026-11-30T19:36:50.145849Z","closed_because":"answered","reopened":0,"queries":4,"answers":2,"errors":{"net":0,"host":0,"protocol":0,"port":2,"admin":0,"other":0},"verified":2,"reporters":["203.0.113.3"],"clients":["192.51.100.15"],"clients_more":0,"names":["lost1.test","lost2.test"],"names_more":0,"causes":[{"cause":"service-down","likelihood":"likely","evidence":"2 of 2 errors are `port` sent by 203.0.113.3 itself: nothing listens on udp port 53 there, or that host''s own firewall rejects"}]}','{"judged":2,"servfail":0,"refused":0,"silent":0,"errors":2,"said":[{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":2,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":2},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0}],"answer_before_ns":2580378282,"hit_are_answered":true,"others_are_answered":false,"any_answer":true,"overload":null,"unlisted":{"reporters":"","clients":"","names":""}}');
INSERT INTO incidents VALUES('2026-11-30T19:37:57.680566Z-unreachable-203.0.113.2-53-udp','203.0.113.2',1796067477680566,1796067477726283,NULL,'{"id":"2026-11-30T19:37:57.680566Z-unreachable-203.0.113.2-53-udp","server":"203.0.113.2","port":53,"transport":"udp","kind":"unreachable","state":"open","severity":"down","began":"2026-11-30T19:37:57.680525Z","opened":"2026-11-30T19:37:57.680566Z","last_seen":"2026-11-30T19:37:57.726283Z","closed":null,"closed_because":null,"reopened":0,"queries":3,"answers":0,"errors":{"net":0,"host":0,"protocol":0,"port":3,"admin":0,"other":0},"verified":3,"reporters":["203.0.113.2"],"clients":["192.51.100.15"],"clients_more":0,"names":["gone1.test","gone2.test","gone3.test"],"names_more":0,"causes":[{"cause":"service-down","likelihood":"likely","evidence":"3 of 3 errors are `port` sent by 203.0.113.2 itself: nothing listens on udp port 53 there, or that host''s own firewall rejects"}]}','{"judged":0,"servfail":0,"refused":0,"silent":0,"errors":3,"said":[{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":3,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":3},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0},{"by_server":0,"by_server_here":0,"by_others":0,"by_others_here":0,"other":null,"several":false,"quick":0}],"answer_before_ns":18139677530,"hit_are_answered":false,"others_are_answered":false,"any_answer":false,"overload":null,"unlisted":{"reporters":"","clients":"","names":""}}');
CREATE TABLE minutes (
    minute INTEGER NOT NULL,
    server TEXT NOT NULL,
    queries INTEGER NOT NULL, answers INTEGER NOT NULL,
    tcp_queries INTEGER NOT NULL, tcp_answers INTEGER NOT NULL,
    tcp_connects INTEGER NOT NULL, tcp_resets INTEGER NOT NULL,
    noerror INTEGER NOT NULL, servfail INTEGER NOT NULL, nxdomain INTEGER NOT NULL,
    refused INTEGER NOT NULL, rcode_other INTEGER NOT NULL,
    icmp_net INTEGER NOT NULL, icmp_host INTEGER NOT NULL, icmp_protocol INTEGER NOT NULL,
    icmp_port INTEGER NOT NULL, icmp_admin INTEGER NOT NULL, icmp_other INTEGER NOT NULL,
    dns_net INTEGER NOT NULL, dns_host INTEGER NOT NULL, dns_protocol INTEGER NOT NULL,
    dns_port INTEGER NOT NULL, dns_admin INTEGER NOT NULL, dns_other INTEGER NOT NULL,
    late INTEGER NOT NULL, unsolicited INTEGER NOT NULL, latency_count INTEGER NOT NULL DEFAULT 0, latency_p50 INTEGER, latency_p90 INTEGER, latency_p99 INTEGER, latency_max INTEGER,
    PRIMARY KEY (minute, server)
) STRICT, WITHOUT ROWID;
INSERT INTO minutes VALUES(1796067300,'203.0.113.2',3,3,0,0,0,0,3,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,3,93,500,500,500);
INSERT INTO minutes VALUES(1796067300,'203.0.113.3',3,3,0,0,0,0,3,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,3,117,139,139,141);
INSERT INTO minutes VALUES(1796067360,'203.0.113.2',1,1,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,139,139,139,143);
INSERT INTO minutes VALUES(1796067360,'203.0.113.3',4,2,0,0,0,0,2,0,0,0,0,0,0,0,2,0,0,0,0,0,2,0,0,0,0,2,77,89,89,91);
INSERT INTO minutes VALUES(1796067420,'203.0.113.2',3,0,0,0,0,0,0,0,0,0,0,0,0,0,3,0,0,0,0,0,3,0,0,0,0,0,NULL,NULL,NULL,NULL);
INSERT INTO minutes VALUES(1796067420,'203.0.113.3',1,1,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,343,343,343,344);
CREATE TABLE totals (
    minute INTEGER PRIMARY KEY,
    frames INTEGER NOT NULL, bytes INTEGER NOT NULL,
    queries INTEGER NOT NULL, answers INTEGER NOT NULL,
    tcp_queries INTEGER NOT NULL, tcp_answers INTEGER NOT NULL,
    tcp_connects INTEGER NOT NULL, tcp_resets INTEGER NOT NULL,
    icmp_unreachable INTEGER NOT NULL, dns_unreachable INTEGER NOT NULL,
    unsolicited INTEGER NOT NULL, late INTEGER NOT NULL, not_served INTEGER NOT NULL,
    fragments INTEGER NOT NULL, malformed INTEGER NOT NULL, truncated INTEGER NOT NULL,
    not_ip INTEGER NOT NULL, other INTEGER NOT NULL, overflow INTEGER NOT NULL,
    events_lost INTEGER NOT NULL, traces_overwritten INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES(1796067300,18,1482,6,6,0,0,0,0,0,0,0,0,0,0,0,0,4,2,0,0,0);
INSERT INTO totals VALUES(1796067360,16,1360,5,3,0,0,0,0,2,2,0,0,0,0,0,0,2,4,0,0,0);
INSERT INTO totals VALUES(1796067420,9,900,4,1,0,0,0,0,3,3,0,0,0,0,0,0,0,1,0,0,0);
INSERT INTO totals VALUES(1796067480,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0);
CREATE TABLE served (
    address TEXT PRIMARY KEY,
    first INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX incidents_by_time ON incidents (opened);
CREATE INDEX incidents_open ON incidents (opened) WHERE closed IS NULL;
COMMIT;
