using System.Collections;
using System.Globalization;
using System.Reflection;
using ModelRegistry.Domain;

namespace ModelRegistry.Tests;

/// <summary>The table of every refusal, read by reflection: a row is a property or method that gives one.</summary>
internal static class RefusalRows
{
    public static IReadOnlyList<MemberInfo> All { get; } =
    [
        .. typeof(Refusals).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(p => p.PropertyType == typeof(Refusal)),
        .. typeof(Refusals).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.ReturnType == typeof(Refusal) && !m.IsSpecialName),
    ];

    /// <summary>A row with arguments, once for each value of the enumerations it takes.</summary>
    /// <param name="argument">What to give for a parameter that is no enumeration.</param>
    public static IReadOnlyList<(Refusal Refusal, object?[] Given)> Calls(MemberInfo row, Func<ParameterInfo, object?> argument) => row switch
    {
        PropertyInfo p => [((Refusal)p.GetValue(null)!, [])],
        MethodInfo m => [.. Arguments(m.GetParameters(), argument).Select(given => ((Refusal)m.Invoke(null, given)!, given))],
        _ => [],
    };

    public static IReadOnlyList<Refusal> Call(MemberInfo row, Func<ParameterInfo, object?> argument) => [.. Calls(row, argument).Select(c => c.Refusal)];

    /// <summary>An argument that a row takes as it is, made of a text.</summary>
    public static object? Of(ParameterInfo parameter, string text) => parameter.ParameterType switch
    {
        var t when t == typeof(string) => text,
        var t when t == typeof(int) || t == typeof(long) => Convert.ChangeType(7, t, CultureInfo.InvariantCulture),
        var t when t == typeof(Digest) => Digest.Of("x"),
        var t when t == typeof(DateTimeOffset) => new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        var t when t == typeof(IReadOnlyDictionary<string, string>) => new Dictionary<string, string> { ["field"] = "at most 7" },
        var t when t.IsAssignableFrom(typeof(string[])) && typeof(IEnumerable).IsAssignableFrom(t) => new[] { text, "another" },
        var t => throw new NotSupportedException($"{parameter.Member.Name} takes a {t}: say here what to give it."),
    };

    private static IEnumerable<object?[]> Arguments(ParameterInfo[] parameters, Func<ParameterInfo, object?> argument)
    {
        var width = parameters.Select(p => p.ParameterType.IsEnum ? Enum.GetValues(p.ParameterType).Length : 1).DefaultIfEmpty(1).Max();
        for (var i = 0; i < width; i++)
            yield return [.. parameters.Select(p => p.ParameterType.IsEnum ? Enum.GetValues(p.ParameterType).GetValue(i % Enum.GetValues(p.ParameterType).Length) : argument(p))];
    }
}
