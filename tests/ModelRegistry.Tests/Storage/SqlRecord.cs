using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using ModelRegistry.Storage;

namespace ModelRegistry.Tests.Storage;

/// <summary>
/// Which statements of the registry's own ran on which database, one a line, to be held against each other: into the
/// folder that <c>MODELREGISTRY_TESTS_STATEMENTS</c> names. Those of tests do not count, and lists of arguments are one whatever their length.
/// </summary>
/// <remarks>
/// A query is made of conditions and orders as it is asked for, and of those there are more together than any two runs have in common: what
/// it is asked of is a line, and so is each of them.
/// </remarks>
internal static partial class SqlRecord
{
    private static readonly ConcurrentDictionary<(bool Sqlite, string Sql), bool> Seen = new();
    private static readonly string[] Ways = ["Use", nameof(RegistrySession.ExecuteAsync), nameof(RegistrySession.OneAsync), nameof(RegistrySession.ManyAsync), nameof(RegistrySession.ScalarAsync)];

    [ModuleInitializer]
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_TESTS_STATEMENTS") is not { Length: > 0 } folder)
            return;
        RegistrySession.Watch = Note;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Write(folder);
    }

    // A statement is looked at when it is new: a stack is dear.
    private static void Note(DbConnection connection, string sql)
    {
        var key = (connection is SqliteConnection, sql);
        if (!Seen.ContainsKey(key) && IsOurs())
            Seen[key] = true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsOurs() => new StackTrace().GetFrames().Select(f => f.GetMethod()).OfType<System.Reflection.MethodBase>()
        .SkipWhile(m => m.DeclaringType == typeof(SqlRecord) || (m.DeclaringType == typeof(RegistrySession) && Ways.Contains(m.Name)))
        .FirstOrDefault()?.Module.Assembly == typeof(RegistrySession).Assembly;

    private static void Write(string folder)
    {
        foreach (var engine in Seen.Keys.GroupBy(k => k.Sqlite))
            File.WriteAllLines(Path.Combine(folder, $"{(engine.Key ? "sqlite" : "postgresql")}.{Environment.ProcessId}"), engine.SelectMany(k => Parts(Plain(k.Sql))).Distinct());
    }

    private static string Plain(string sql) => Rows().Replace(Lists().Replace(Numbers().Replace(Spaces().Replace(sql, " ").Trim(), "$1"), "$1, …"), "$1, …");

    /// <summary>The parts of a plain query (<c>select … where … and … order by …, … limit …</c>); what is written otherwise is one.</summary>
    private static IEnumerable<string> Parts(string sql)
    {
        var seen = Hidden(sql);
        var begins = seen.IndexOf(" where ", StringComparison.Ordinal);
        var words = begins < 0 ? [] : Words().Matches(seen, begins).ToList();
        if (!sql.StartsWith("select ", StringComparison.Ordinal) || words.Count(w => w.Value == " where ") != 1 || words.Any(w => w.Value is " or " or " between " or " union "))
            return [sql];
        return words.Select((word, i) => "…" + word.Value switch { " and " => " where ", ", " => " order by ", var other => other } + sql[(word.Index + word.Length)..(i + 1 < words.Count ? words[i + 1].Index : sql.Length)])
            .Prepend(sql[..begins] + " …");
    }

    /// <summary>The same length, without what stands in brackets or quotation marks.</summary>
    private static string Hidden(string sql)
    {
        var (text, depth, quoted) = (sql.ToCharArray(), 0, false);
        for (var i = 0; i < text.Length; i++)
        {
            quoted ^= text[i] == '\'';
            depth += quoted ? 0 : text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth > 0 || quoted)
                text[i] = '_';
        }
        return new string(text);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"(@[a-z]+)\d+")]
    private static partial Regex Numbers();

    [GeneratedRegex(@" where | and | or | between | union | group by | order by | limit |, ")]
    private static partial Regex Words();

    [GeneratedRegex(@"(?<=values )(\([^()]*\))(?:, \1)*")]
    private static partial Regex Rows();

    [GeneratedRegex(@"(@[a-z]+)(?:, \1\b)*(?=\))")]
    private static partial Regex Lists();
}
