using System.Runtime.InteropServices;
using SQLitePCL;

namespace ModelRegistry.Storage;

/// <summary>
/// Which SQLite library is used: the system's when it is newer than the one in the package, for it is the one that
/// gets repaired.
/// </summary>
internal static class SqliteLibrary
{
    private delegate int WholeNumber();

    private static readonly string[] SystemNames = OperatingSystem.IsWindows()
        ? []
        : OperatingSystem.IsMacOS()
            ? ["/opt/homebrew/opt/sqlite/lib/libsqlite3.dylib", "/usr/local/opt/sqlite/lib/libsqlite3.dylib", "libsqlite3.dylib"]
            : ["libsqlite3.so.0", "/usr/lib/libsqlite3.so.0", "/usr/lib64/libsqlite3.so.0", "/usr/local/lib/libsqlite3.so.0"];

    private static readonly Lazy<string> Chosen = new(Choose);

    /// <summary>Makes the choice (once) and says what it was: <c>3.40.1 (system)</c>.</summary>
    public static string Version => Chosen.Value;

    private static string Choose()
    {
        var provider = typeof(SQLite3Provider_e_sqlite3).Assembly;
        var bundled = NativeLibrary.TryLoad("e_sqlite3", provider, null, out var own) ? own : 0;
        var (system, number) = Newest(above: bundled == 0 ? 0 : NumberOf(bundled));
        if (system != 0)
            NativeLibrary.SetDllImportResolver(provider, (name, _, _) => name == "e_sqlite3" ? system : 0);
        else if (bundled == 0)
            throw new StorageUnavailableException("There is no SQLite library for this system.", "Install SQLite 3.35 or newer (libsqlite3), or use PostgreSQL.");
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        if (system != 0 && number != raw.sqlite3_libversion_number())
            throw new InvalidOperationException("The SQLite library was loaded before it could be chosen.");
        return $"{raw.sqlite3_libversion().utf8_to_string()} ({(system != 0 ? "system" : "bundled")})";
    }

    private static (nint Library, int Number) Newest(int above)
    {
        (nint Library, int Number) best = (0, above);
        foreach (var name in SystemNames)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
                continue;
            if (NumberOf(library) is var number && number > best.Number && IsThreadSafe(library))
                best = (library, number);
            else
                NativeLibrary.Free(library);
        }
        return best;
    }

    private static int NumberOf(nint library) => Call(library, "sqlite3_libversion_number");

    private static bool IsThreadSafe(nint library) => Call(library, "sqlite3_threadsafe") != 0;

    private static int Call(nint library, string export) =>
        NativeLibrary.TryGetExport(library, export, out var address)
            ? Marshal.GetDelegateForFunctionPointer<WholeNumber>(address)()
            : 0;
}
