Console.WriteLine("cport");
