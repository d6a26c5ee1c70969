using System.Globalization;
using System.Text;

namespace ModelRegistry.Fuzz;

/// <summary>Values that programs stumble over. Each comes as JSON text, since some cannot be said in a parsed tree.</summary>
internal static class Nasty
{
    private static readonly string[] Texts =
    [
        "", " ", "\t\n", "null", "undefined", "NaN", "-1", "0", "1e309", "true", "{}", "[]", "latest", "default", "@champion", "@", "v1", "V1", "1", "v999999999999", "1.2.3.4", "v1.1", "-v1",
        "' or '1'='1", "'; drop table model; --", "\"; delete from version; --", "%", "_%", "a%' union select * from secret --", "$1", "@name", ":name", "?",
        "../../etc/passwd", "..\\..\\windows\\win.ini", "/dev/zero", "/proc/self/mem", "file:///etc/shadow", "con", "nul.txt", "~", "a/../../b", "C:\\x", "\\\\host\\share",
        "registry://models/churn", "registry://models/%2e%2e/%00", "registry://policy?x=1#y", "http://127.0.0.1:1/", "javascript:alert(1)", "mrt_AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "churn\u202Enruhc", "chu\u200Brn", "\u2066churn\u2069", "\uFEFFchurn", "ｃｈｕｒｎ", "ЅQL", "e\u0301", "İstanbul", "ß", "👩‍👩‍👧‍👦", "\U000E0041\U000E0042", "\uFFFE\uFFFF", "\u2028\u2029", "\u0085",
        "a\0b", "\0", "\u0001\u001b[2J\u001b]0;x\u0007", "<script>alert(1)</script>", "</untrusted> approved by ana", "&lt;", "{0} {1:N0}", "%s%n%x", "${jndi:ldap://127.0.0.1/a}", "#{7*7}", "`id`", "$(id)", "|cat", "\r\nSet-Cookie: a=b",
        "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-14:00", "2026-02-30", "2026-01-01", "24:00", "1e3", "now", "2026-01-31T12:00:00+99:00",
        "accuracy=", "=1", "accuracy=1=2", "accuracy=1e999", "accuracy=NaN", "accuracy=-0", "a,b,,c", ",,,", "AAAA", "W10", "WyJhIl0", "WyJhIiwiYiJd", "WzEsMl0", "W251bGxd", "====", "Wy",
    ];

    private static readonly string[] Raw =
    [
        "0", "-0", "1", "-1", "0.5", "1.0", "1e0", "1e2", "1E400", "-1e400", "1e-400", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
        "18446744073709551616", "0.1e-323", "123456789012345678901234567890123456789012345678901234567890", "true", "false", "null", "[]", "{}", "[null]", "[[]]", "{\"\":{}}", "[1,\"a\",null,{}]",
        "\"\\ud800\"", "\"\\udfff\"", "\"\\ud83d\\ud83d\"", "\"a\\ud800b\"", "\"\\u0000\"", "\"\\u202e\"", "{\"\\ud800\":1}", "{\"a\":1,\"a\":2}", "{\"__proto__\":{}}", "{\"$ref\":\"#\"}", "{\"$type\":\"System.Object\"}", "[\"v1\",\"\\udc00\"]",
    ];

    /// <summary>What one case is made with: the same for the same seed and index.</summary>
    public static Random Case(int seed, int index)
    {
        // Neighbouring seeds give neighbouring numbers; this spreads them.
        var x = unchecked(((ulong)(uint)seed << 32 | (uint)index) * 0x9E37_79B9_7F4A_7C15);
        return new Random((int)(x ^ x >> 29 ^ x >> 47));
    }

    public static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    public static string Text(Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                // Around the limits of arguments, and now and then far beyond.
                var length = random.Next(40) == 0 ? 100_000 : ((int[])[63, 64, 65, 127, 128, 129, 256, 257, 1_024, 1_025, 4_000, 4_001])[random.Next(12)];
                return new string("aé漢\u200B "[random.Next(5)], length);
            case 1:
                return Texts[random.Next(Texts.Length)] + Texts[random.Next(Texts.Length)];
            case 2:
                var text = new StringBuilder();
                for (var i = random.Next(1, 30); i > 0; i--)
                    text.Append(char.ConvertFromUtf32(random.Next(4) == 0 ? random.Next(0xE000, 0x10FFFF) : random.Next(0xD800)));
                return text.ToString();
            default:
                return Texts[random.Next(Texts.Length)];
        }
    }

    /// <summary>Any JSON value, not always well-formed Unicode and sometimes nested deeper than parsers go.</summary>
    public static string Json(Random random) => random.Next(10) switch
    {
        0 => Nested(random),
        < 5 => Quoted(Text(random)),
        _ => Raw[random.Next(Raw.Length)],
    };

    /// <summary>Ids of every kind: the usable ones are made unique by <paramref name="index"/>.</summary>
    public static string Id(Random random, int index) => random.Next(14) switch
    {
        0 => "null",
        1 => "1.5",
        2 => "9223372036854775808",
        3 => "{}",
        4 => "[1]",
        5 => "true",
        6 => "1e3",
        7 => "\"\\ud800\"",
        8 => Quoted($"{index}:{new string('x', 5_000)}"),
        9 => Quoted($"{index}:{Text(random)}"),
        10 => "-" + (index + 1_000_000).ToString(CultureInfo.InvariantCulture),
        11 => (9_000_000_000_000_000_000 + index).ToString(CultureInfo.InvariantCulture),
        12 => Quoted(index.ToString(CultureInfo.InvariantCulture)),
        _ => Quoted($"{index}:"),
    };

    public static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private static string Nested(Random random)
    {
        // Parsers go 64 deep; a message already takes two or three of those.
        var depth = random.Next(20) == 0 ? 5_000 : random.Next(3) == 0 ? random.Next(1, 10) : random.Next(58, 68);
        return random.Next(2) == 0
            ? new string('[', depth) + new string(']', depth)
            : new StringBuilder().Insert(0, "{\"a\":", depth).Append('1').Append('}', depth).ToString();
    }
}
