using ModelRegistry.Catalog;

namespace ModelRegistry.Mcp.Cli;

/// <summary>How far a transfer is, on one line of stderr that is drawn over; only on a terminal.</summary>
internal sealed class TransferLine : IProgress<TransferProgress>, IDisposable
{
    private readonly TextWriter _err;
    private readonly string _doing;
    private readonly Lock _turn = new();
    private string _last = "";
    private bool _ended;

    private TransferLine(TextWriter err, string doing) => (_err, _doing) = (err, doing);

    /// <summary>Null where nobody would see it.</summary>
    public static TransferLine? On(Surroundings around, string doing) => around.ProgressOnErr ? new TransferLine(around.Err, doing) : null;

    public void Report(TransferProgress value)
    {
        var percent = value.Total > 0 ? value.Done * 100 / value.Total : 100;
        var line = $"{_doing} {VisibleText.Line(value.Path)}: {percent} % of {Shown.Size(value.Total)}";
        lock (_turn)
        {
            if (_ended || line == _last)
                return;
            _err.Write("\r" + line.PadRight(_last.Length));
            _last = line;
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            if (!_ended && _last.Length > 0)
                _err.Write("\r" + new string(' ', _last.Length) + "\r");
            _ended = true;
        }
    }
}
