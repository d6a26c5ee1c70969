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
            File.WriteAllLines(Path.Combine(folder, $"{(engine.Key ? "sqlite" : "postgresql")}.{Environment.ProcessId}"), engine.Select(k => Plain(k.Sql)).Distinct());
    }

    private static string Plain(string sql) => Lists().Replace(Numbers().Replace(Spaces().Replace(sql, " ").Trim(), "$1"), "$1, …");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"(@[a-z]+)\d+")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"(@[a-z]+)(?:, \1\b)*(?=\))")]
    private static partial Regex Lists();
}
