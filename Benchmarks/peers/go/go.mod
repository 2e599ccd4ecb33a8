module throng/peers/go

go 1.19
